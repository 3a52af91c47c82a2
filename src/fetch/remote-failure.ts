import { type CacheError, ChecksumMismatchError, FetchFailedError, SizeMismatchError } from '../api/errors.ts';

/** Returns the error of another process, as far as `user.error` contains it. */
export function remoteFailure(imageId: string, reason: string): CacheError {
  const checksum = /^ERR_CHECKSUM_MISMATCH: .* has checksum (\S+), expected (.+)$/s.exec(reason);
  if (checksum) return new ChecksumMismatchError(imageId, checksum[2] ?? '', checksum[1] ?? '');
  const size = /^ERR_SIZE_MISMATCH: .* has (\d+) bytes, expected (\d+)$/s.exec(reason);
  if (size) return new SizeMismatchError(imageId, Number(size[2]), Number(size[1]));
  return new FetchFailedError(reason, { imageId, remote: true });
}
