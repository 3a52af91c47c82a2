import type { ImageSource, ImageWriter, WriteOptions } from '../api/driver.ts';
import { SizeMismatchError, tooLarge } from '../api/errors.ts';
import { droppedReason, rollbackReason } from '../api/reason.ts';
import { pickOptions } from '../base/pick-options.ts';
import { assertCount, assertSignal } from '../base/validate.ts';
import { chunksOf } from './source-chunks.ts';

/** @throws TypeError and RangeError */
export function assertWriteOptions(options: WriteOptions): WriteOptions {
  const picked = pickOptions(options, ['expectedSize', 'signal']);
  const { expectedSize, signal } = picked;
  if (expectedSize !== undefined) assertCount(expectedSize, 'options.expectedSize');
  assertSignal(signal, 'options.signal');
  return picked;
}

/** Options of {@link putChunks}. */
export interface PutOptions extends WriteOptions {
  /** Bytes; a larger image is given up. @defaultValue Infinity */
  readonly maxSize?: number;
  /** Called when the source has ended. Its result is recorded on the image. */
  readonly digest?: () => string | undefined;
}

/**
 * Writes the chunks of a source as they come, and commits at its end. If the image grows past `maxSize`, rolls it back,
 * stops the source and resolves to false.
 *
 * @throws the error of the source, unchanged; it is also the reason of the rollback
 */
export async function putChunks(
  writer: ImageWriter,
  source: ImageSource,
  { expectedSize = Number.POSITIVE_INFINITY, maxSize = Number.POSITIVE_INFINITY, signal, digest }: PutOptions,
): Promise<boolean> {
  try {
    let outgrown = false;
    for await (const chunk of chunksOf(source, signal)) {
      const size = writer.bytesWritten + chunk.byteLength;
      // Checked for each chunk, because the source may have no end.
      if (size > expectedSize) throw new SizeMismatchError(writer.imageId, expectedSize, size);
      outgrown = size > maxSize;
      if (outgrown) break;
      await writer.write(chunk);
    }
    if (outgrown) {
      await writer.rollback(tooLarge(writer.imageId));
      return false;
    }
    await recordDigest(writer, digest?.());
    await writer.commit();
    return true;
  } catch (error) {
    await endWrite(writer, error, signal).catch(() => {}); // The error that led here is the one to report.
    throw error;
  }
}

/** Ends a failed write. After an abort it leaves nothing behind; otherwise the bytes are kept with the error. */
export async function endWrite(
  writer: ImageWriter,
  error: unknown,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<void> {
  const reason = rollbackReason(error, ...signals);
  if (reason === droppedReason) await writer[Symbol.asyncDispose]();
  else await writer.rollback(reason);
}

/** Records a digest, if there is one, before the commit. Writers of other packages have no place for it. */
export async function recordDigest(writer: ImageWriter, digest: string | undefined): Promise<void> {
  // Recognized by the method, since the driver may be of another copy of this package.
  if (digest !== undefined && 'recordDigest' in writer && typeof writer.recordDigest === 'function')
    await writer.recordDigest(`${writer.bytesWritten} ${digest}`);
}
