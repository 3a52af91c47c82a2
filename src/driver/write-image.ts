import type { ImageWriter, WriteOptions } from '../api/driver.ts';
import { ImageBusyError, isSystemError, SizeMismatchError } from '../api/errors.ts';
import { describeReason } from '../api/reason.ts';
import type { SharedWriteOptions } from '../api/shared-driver.ts';
import { ignoreErrors } from '../base/ignore-errors.ts';
import { locked, retryWhileLocked } from '../base/lock-retry.ts';
import { assertUnchanged } from '../base/validate.ts';
import { type Handle, native } from '../native/native.ts';
import { joinBuffered } from '../streams/source-chunks.ts';
import type { DriverContext } from './driver-context.ts';
import { XattrImageWriter } from './image-writer.ts';
import { reserve } from './reserve.ts';

/** A process that checks a token holds its lock for a moment, although it does not write the image. Milliseconds. */
const probeTimeoutMs = 10;

/** @throws {@link ImageBusyError}, and the signal's reason */
export async function claimImage(
  context: DriverContext,
  imageId: string,
  options: SharedWriteOptions,
): Promise<ImageWriter> {
  const { expectedSize, signal, spaceSignal } = options;
  signal?.throwIfAborted();
  const claim = () => native.claimAsync(context.directory, imageId, ...context.stall);
  const request = { imageId, bytes: 0, growing: false, signal };
  const attempt = async () => {
    try {
      return await (context.admission ? context.admission.withSpace(request, claim) : claim());
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
    await reserve(context, imageId, handle, options).catch(async (error: unknown) => {
      const isWanted = !signal?.aborted && !spaceSignal?.aborted;
      const end = isWanted ? keepReason(context, handle, error) : native.discardAsync(handle);
      await end.catch(() => {}); // The first error is the one to report.
      throw error;
    });
  }
  return new XattrImageWriter(context, imageId, handle, options);
}

async function keepReason({ directory, invalidLimit }: DriverContext, claim: Handle, error: unknown): Promise<void> {
  await native.rollbackAsync(claim, describeReason(error), invalidLimit.maxSize);
  await invalidLimit.added(directory, 0);
}

export function claimImageSync(context: DriverContext, imageId: string, options: WriteOptions): ImageWriter {
  options.signal?.throwIfAborted();
  const handle = claimOnce(context, imageId);
  if (handle === locked) throw new ImageBusyError(imageId);
  if (options.expectedSize !== undefined) {
    try {
      const size = options.expectedSize;
      const attempt = (sinceMs: number) => native.reserveSync(handle, size, sinceMs);
      if (context.admission) context.admission.admitSync({ imageId, bytes: size, growing: false }, attempt);
      else attempt(0);
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
  const size = bytes.byteLength;
  const attempt = (sinceMs: number) => {
    assertUnchanged(bytes, size);
    return native.putImageAsync(context.directory, imageId, bytes, sinceMs);
  };
  const request = { imageId, bytes: size, growing: false, signal };
  await (context.admission ? context.admission.admit(request, attempt) : attempt(0));
  context.report.committed(imageId, size);
}

export function putBytesSync(context: DriverContext, imageId: string, bytes: Uint8Array): void {
  const attempt = (sinceMs: number) => native.putImageSync(context.directory, imageId, bytes, sinceMs);
  const request = { imageId, bytes: bytes.byteLength, growing: false };
  if (context.admission) context.admission.admitSync(request, attempt);
  else attempt(0);
  context.report.committed(imageId, bytes.byteLength);
}

function claimOnce(context: DriverContext, imageId: string): Handle | typeof locked {
  const claim = () => native.claimSync(context.directory, imageId, ...context.stallSync);
  const request = { imageId, bytes: 0, growing: false };
  try {
    return context.admission ? context.admission.withSpaceSync(request, claim) : claim();
  } catch (error) {
    return lockedOrThrow(error, imageId);
  }
}

function lockedOrThrow(error: unknown, imageId: string): typeof locked {
  if (isSystemError(error) && error.code === 'EAGAIN') return locked;
  if (isSystemError(error) && error.code === 'EBUSY') throw new ImageBusyError(imageId, { cause: error });
  throw error;
}
