// How users tell errors apart.  Compiled, never run.

import {
  BadDriverConfiguration,
  CacheError,
  type CacheErrorCode,
  ChecksumMismatchError,
  ClaimLostError,
  FetchFailedError,
  ImageBusyError,
  ImageNotFoundError,
  InvalidImageIdError,
  LockTimeoutError,
  NativeLoadError,
  NoSpaceError,
  NotOpenError,
  SizeMismatchError,
} from '../../dist/index.js';

/** Each class is a CacheError, and has what its own kind knows. */
export function detailsOf(error: unknown): unknown {
  if (error instanceof BadDriverConfiguration) return `${error.driverName}: ${error.reason}`;
  if (error instanceof SizeMismatchError) return error.expected - error.actual;
  if (error instanceof ChecksumMismatchError) return error.expected.concat(error.actual);
  if (error instanceof FetchFailedError) return [error.status?.toFixed(), error.remote ? 'elsewhere' : 'here'];
  if (error instanceof InvalidImageIdError) return error.imageId;
  if (error instanceof ImageNotFoundError || error instanceof ImageBusyError) return error.imageId;
  if (error instanceof ClaimLostError || error instanceof NotOpenError) return error.message;
  if (error instanceof NoSpaceError || error instanceof LockTimeoutError) return error.path;
  if (error instanceof NativeLoadError) return error.cause;
  if (error instanceof CacheError) return [error.errno?.toFixed(), error.syscall, error.path];
  return undefined;
}

/** All codes: a new one makes this an error, as it would in a program that handles each of them. */
export function isWorthAnotherTry(code: CacheErrorCode): boolean {
  switch (code) {
    case 'ERR_CLAIM_LOST':
    case 'ERR_FETCH_FAILED':
    case 'ERR_IMAGE_BUSY':
    case 'ERR_IO':
    case 'ERR_LOCK_TIMEOUT':
    case 'ERR_NO_SPACE':
      return true;
    case 'ERR_BAD_DRIVER_CONFIGURATION':
    case 'ERR_CHECKSUM_MISMATCH':
    case 'ERR_FETCH_CYCLE':
    case 'ERR_IMAGE_NOT_FOUND':
    case 'ERR_INVALID_IMAGE_ID':
    case 'ERR_NATIVE_LOAD':
    case 'ERR_NOT_OPEN':
    case 'ERR_SIZE_MISMATCH':
      return false;
    default:
      return code satisfies never;
  }
}

/** The errors that the author of a driver throws. */
export const ofOnesOwn: readonly CacheError[] = [
  new CacheError('ERR_IO', 'it broke', { path: '/dev/null', cause: new Error('why') }),
  new BadDriverConfiguration('memory', 'there is none'),
  new InvalidImageIdError('..', 'it begins with a dot'),
  new ImageNotFoundError('image "a" is not cached', { imageId: 'a' }),
  new ImageBusyError('a'),
  new ClaimLostError('a'),
  new SizeMismatchError('a', 1, 2),
  new ChecksumMismatchError('a', 'sha256-a', 'sha256-b'),
  new NoSpaceError('full'),
  new LockTimeoutError('locked'),
  new FetchFailedError('404', { status: 404, remote: false }),
  new NotOpenError('closed'),
  new NativeLoadError('missing'),
];

export function mistakes(error: CacheError, other: unknown): void {
  // @ts-expect-error a code is one of those that there are
  if (error.code === 'ERR_NO_SUCH_CODE') return;
  // @ts-expect-error an error is not written
  error.code = 'ERR_IO';
  // @ts-expect-error it may be about no image
  error.imageId.length;
  // @ts-expect-error what is unknown has no code
  other.code;
  if (!CacheError.is(other)) return;
  // @ts-expect-error which class it is of is not known yet
  other.expected;
}
