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

/** How {@link putChunks} goes about it. */
export interface PutOptions extends WriteOptions {
  /** Bytes: what grows past them is given up. @defaultValue Infinity */
  readonly maxSize?: number;
  /** Asked when the source has ended, to be recorded. */
  readonly digest?: () => string | undefined;
}

/**
 * Writes chunks as they come, and commits when the source ends. Resolves to false, the write given up and the source
 * stopped, if it grows past `maxSize`.
 *
 * @throws what the source throws, untouched; it is also the reason of the rollback
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
      // At once: the source may have no end.
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

/** What an abort leaves unfinished has nothing wrong with it; what failed is kept, with the error. */
export async function endWrite(
  writer: ImageWriter,
  error: unknown,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<void> {
  const reason = rollbackReason(error, ...signals);
  if (reason === droppedReason) await writer[Symbol.asyncDispose]();
  else await writer.rollback(reason);
}

/** Notes a digest, if there is one, on what is about to be committed. For drivers of others there is no place for it. */
export async function recordDigest(writer: ImageWriter, digest: string | undefined): Promise<void> {
  // By the method: the driver may be of another copy of this package.
  if (digest !== undefined && 'recordDigest' in writer && typeof writer.recordDigest === 'function')
    await writer.recordDigest(`${writer.bytesWritten} ${digest}`);
}
