import { createHash } from 'node:crypto';
import { ChecksumMismatchError, LockTimeoutError, SizeMismatchError } from '../api/errors.ts';
import { describeReason } from '../api/reason.ts';
import type { VerifyOptions, VerifyResult } from '../api/verify.ts';
import { locked, retryWhileLocked } from '../base/lock-retry.ts';
import { type Handle, native } from '../native/native.ts';
import type { EngineCalls } from './engine-calls.ts';
import { digestAttribute, parseRecordedDigest } from './recorded-digest.ts';
import { releaseImage } from './release-image.ts';

const readSize = 1024 * 1024; // bytes
const defaultAlgorithm = 'sha256';

/** See {@link SharedDriver.verifyImage}. */
export async function verifyImage(
  engine: EngineCalls,
  imageId: string,
  { signal, onProgress = () => {} }: VerifyOptions,
): Promise<VerifyResult> {
  const image = await engine.callForImage(imageId, async (directory, context) => {
    const found = await native.openImageAsync(directory, imageId);
    if (!found) throw engine.notFound(context, imageId);
    return found;
  });
  try {
    return await engine.callForImage(imageId, async (directory, context) => {
      const recorded = parseRecordedDigest(await readRecordedDigest(image.fd));
      const algorithm = recorded?.algorithm ?? defaultAlgorithm;
      const { size, digest } = await digestOf(image.handle, algorithm, signal, onProgress);
      const actual = `${algorithm}-${digest}`;
      if (!recorded) return { result: 'unknown', actual };
      if (size === recorded.size && actual === recorded.digest) return { result: 'ok', actual };

      const reason =
        size === recorded.size
          ? new ChecksumMismatchError(imageId, recorded.digest, actual)
          : new SizeMismatchError(imageId, recorded.size, size);
      const move = async () =>
        (await native.quarantineAsync(image.handle, directory, imageId, describeReason(reason))) ?? locked;
      const moved = await retryWhileLocked(move, context.options.lockTimeoutMs, signal);
      if (moved === locked)
        throw new LockTimeoutError('another process or thread holds the lock of the image', { imageId });
      if (moved) {
        context.report.rolledBack(imageId, reason);
        await context.invalidLimit.added(directory, size);
      } // Otherwise, the image was replaced meanwhile.
      return { result: 'corrupt', actual };
    });
  } finally {
    await releaseImage(image.handle, image.size);
  }
}

/** Of an open image; undefined if it was cached without a checksum. */
export async function readRecordedDigest(fd: number): Promise<Buffer | undefined> {
  return native.getAttributeAsync(`/proc/self/fd/${fd}`, digestAttribute);
}

/** Reads an image to its end. The digest is base64. */
export async function digestOf(
  image: Handle,
  algorithm: string,
  signal: AbortSignal | undefined,
  onProgress: (bytes: number) => void | Promise<void>,
): Promise<{ readonly size: number; readonly digest: string }> {
  const hash = createHash(algorithm);
  const buffer = Buffer.allocUnsafe(readSize);
  let size = 0;
  for (;;) {
    signal?.throwIfAborted();
    const got = await native.readAsync(image, buffer, 0, readSize, size);
    if (got === 0) return { size, digest: hash.digest('base64') };
    hash.update(buffer.subarray(0, got));
    size += got;
    await onProgress(got);
  }
}
