import type { ImageWriter, WriteOptions } from '../api/driver.ts';
import { ImageBusyError, isSystemError, SizeMismatchError } from '../api/errors.ts';
import { describeReason } from '../api/reason.ts';
import { ignoreErrors } from '../base/ignore-errors.ts';
import { locked, retryWhileLocked } from '../base/lock-retry.ts';
import { type Handle, native } from '../native/native.ts';
import { joinBuffered } from '../streams/source-chunks.ts';
import type { DriverContext } from './driver-context.ts';
import { XattrImageWriter } from './image-writer.ts';

/** A process that checks a token holds its lock for a moment, although it does not write the image. Milliseconds. */
const probeTimeoutMs = 10;

/** @throws {@link ImageBusyError}, and the signal's reason */
export async function claimImage(context: DriverContext, imageId: string, options: WriteOptions): Promise<ImageWriter> {
  const { expectedSize, signal } = options;
  signal?.throwIfAborted();
  const attempt = async () => {
    try {
      return await native.claimAsync(context.directory, imageId, ...context.stall);
    } catch (error) {
      return lockedOrThrow(error, imageId);
    }
  };
  const handle = await retryWhileLocked(attempt, probeTimeoutMs, signal);
  if (handle === locked) throw new ImageBusyError(imageId);

  if (signal?.aborted) {
    await native.discardAsync(handle);
    throw signal.reason;
  }
  if (expectedSize !== undefined) {
    await native.reserveAsync(handle, expectedSize).catch(async (error: unknown) => {
      const { directory, invalidLimit } = context;
      await native
        .rollbackAsync(handle, describeReason(error), invalidLimit.maxSize)
        .then(() => invalidLimit.added(directory, 0))
        .catch(() => {}); // The first error is the one to report.
      throw error;
    });
  }
  return new XattrImageWriter(context, imageId, handle, options);
}

export function claimImageSync(context: DriverContext, imageId: string, options: WriteOptions): ImageWriter {
  options.signal?.throwIfAborted();
  const handle = claimOnce(context, imageId);
  if (handle === locked) throw new ImageBusyError(imageId);
  if (options.expectedSize !== undefined) {
    try {
      native.reserveSync(handle, options.expectedSize);
    } catch (error) {
      ignoreErrors(() => native.rollbackSync(handle, describeReason(error), context.invalidLimit.maxSize));
      context.invalidLimit.addedSync(context.directory, 0);
      throw error;
    }
  }
  return new XattrImageWriter(context, imageId, handle, options);
}

/** Publishes buffered bytes. They need no claim: the last put wins. */
export async function putBytes(
  context: DriverContext,
  imageId: string,
  source: Uint8Array | Uint8Array[],
  { expectedSize, signal }: WriteOptions,
): Promise<void> {
  signal?.throwIfAborted();
  const bytes = joinBuffered(source);
  if (expectedSize !== undefined && bytes.byteLength !== expectedSize) {
    throw new SizeMismatchError(imageId, expectedSize, bytes.byteLength);
  }
  await native.putImageAsync(context.directory, imageId, bytes);
  context.report.committed(imageId, bytes.byteLength);
}

export function putBytesSync(context: DriverContext, imageId: string, bytes: Uint8Array): void {
  native.putImageSync(context.directory, imageId, bytes);
  context.report.committed(imageId, bytes.byteLength);
}

function claimOnce(context: DriverContext, imageId: string): Handle | typeof locked {
  try {
    return native.claimSync(context.directory, imageId, ...context.stallSync);
  } catch (error) {
    return lockedOrThrow(error, imageId);
  }
}

function lockedOrThrow(error: unknown, imageId: string): typeof locked {
  if (isSystemError(error) && error.code === 'EAGAIN') return locked;
  if (isSystemError(error) && error.code === 'EBUSY') throw new ImageBusyError(imageId, { cause: error });
  throw error;
}
