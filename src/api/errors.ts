import { isError } from '../base/error-facts.ts';
import { imageName } from './image-name.ts';

/**
 * Stable code of an error, as docs/errors.md lists them. Programs should branch on the code, never on the message.
 *
 * @since 0.1.0
 */
export type CacheErrorCode =
  | 'ERR_BAD_DRIVER_CONFIGURATION'
  | 'ERR_CHECKSUM_MISMATCH'
  | 'ERR_CLAIM_LOST'
  | 'ERR_FETCH_CYCLE'
  | 'ERR_FETCH_FAILED'
  | 'ERR_IMAGE_BUSY'
  | 'ERR_IMAGE_NOT_FOUND'
  | 'ERR_INVALID_IMAGE_ID'
  | 'ERR_IO'
  | 'ERR_LOCK_TIMEOUT'
  | 'ERR_NATIVE_LOAD'
  | 'ERR_NO_SPACE'
  | 'ERR_NOT_OPEN'
  | 'ERR_SIZE_MISMATCH';

/**
 * Details of an error, as far as they are known.
 *
 * @since 0.1.0
 */
export interface ErrorDetails {
  /** Image of the failed operation. */
  readonly imageId?: string | undefined;
  /** File of the failed operation. */
  readonly path?: string | undefined;
  /** Error that caused this one. `errno` and `syscall` are taken from a system error. */
  readonly cause?: unknown;
}

/** Error of a system call, as the native layer and `node:fs` throw it. */
export interface SystemError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly path?: string;
}

// A registered symbol recognises errors of another realm or of a second copy of this package; `instanceof` cannot.
const brand = Symbol.for('xattr-cache.CacheError');

/**
 * Base class of every operational error of this package. Wrong arguments are `TypeError` or `RangeError` with Node's
 * `ERR_INVALID_ARG_*` codes instead.
 *
 * @since 0.1.0
 *
 * @example
 * try {
 *   await driver.writeImage('debian-12', body);
 * } catch (error) {
 *   if (!CacheError.is(error) || error.code !== 'ERR_IMAGE_BUSY') throw error; // another writer has it
 * }
 */
export class CacheError extends Error {
  static {
    Object.defineProperty(CacheError.prototype, brand, { value: true });
  }

  /** Stable code; `ERR_IO` for a failed system call without a class of its own. */
  readonly code: CacheErrorCode;
  /** Image of the failed operation. */
  readonly imageId: string | undefined;
  /** Negated errno of the failed system call, as in `node:fs`. */
  readonly errno: number | undefined;
  /** Name of the failed system call. */
  readonly syscall: string | undefined;
  /** File of the failed operation. */
  readonly path: string | undefined;

  /** Creates the error, for authors of drivers. */
  constructor(code: CacheErrorCode, message: string, { imageId, path, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.imageId = imageId;
    const system = isSystemError(cause) ? cause : undefined;
    this.errno = system?.errno;
    this.syscall = system?.syscall;
    this.path = path ?? system?.path;
  }

  /** Returns true for an error of this package, also of another realm or another copy of the package. */
  static is(value: unknown): value is CacheError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}

/**
 * The directory cannot be used. Only `configure()` throws it.
 *
 * @since 0.1.0
 */
export class BadDriverConfiguration extends CacheError {
  /** Name of the driver, for example `xattr`. */
  readonly driverName: string;
  /** Problem and remedy, without the driver's name. */
  readonly reason: string;

  /** Creates the error, for authors of drivers. */
  constructor(driverName: string, reason: string, details?: ErrorDetails) {
    super('ERR_BAD_DRIVER_CONFIGURATION', `cannot use the ${driverName} driver: ${reason}`, details);
    this.driverName = driverName;
    this.reason = reason;
  }
}

/**
 * The id is not 1 to 255 bytes of UTF-8, or is a name that the cache reserves. See {@link assertImageId}.
 *
 * @since 0.1.0
 */
export class InvalidImageIdError extends CacheError {
  /** Creates the error, for authors of drivers. */
  constructor(imageId: string, reason: string) {
    super('ERR_INVALID_IMAGE_ID', `invalid image id ${JSON.stringify(shorten(imageId))}: ${reason}`, { imageId });
  }
}

/**
 * The image is not cached.
 *
 * @since 0.1.0
 */
export class ImageNotFoundError extends CacheError {
  /** Creates the error, for authors of drivers. */
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_IMAGE_NOT_FOUND', message, details);
  }
}

/**
 * A live or a foreign writer is writing the image.
 *
 * @since 0.1.0
 */
export class ImageBusyError extends CacheError {
  /** Creates the error, for authors of drivers. */
  constructor(
    imageId: string,
    { reason = 'is being written by another writer', ...details }: ErrorDetails & { readonly reason?: string } = {},
  ) {
    super('ERR_IMAGE_BUSY', `${imageName(imageId)} ${reason}`, { ...details, imageId });
  }
}

/**
 * The image was deleted while it was being written, or its writer was taken for stalled.
 *
 * @since 0.1.0
 */
export class ClaimLostError extends CacheError {
  /** Creates the error, for authors of drivers. */
  constructor(
    imageId: string,
    {
      reason = 'lost its claim while it was being written',
      ...details
    }: ErrorDetails & { readonly reason?: string } = {},
  ) {
    super('ERR_CLAIM_LOST', `${imageName(imageId)} ${reason}`, { ...details, imageId });
  }
}

/**
 * The image does not have `expectedSize` bytes.
 *
 * @since 0.1.0
 */
export class SizeMismatchError extends CacheError {
  /** Expected number of bytes. */
  readonly expected: number;
  /** Actual number of bytes. */
  readonly actual: number;

  /** Creates the error, for authors of drivers. */
  constructor(imageId: string, expected: number, actual: number) {
    super('ERR_SIZE_MISMATCH', `${imageName(imageId)} has ${actual} bytes, expected ${expected}`, { imageId });
    this.expected = expected;
    this.actual = actual;
  }
}

/**
 * The bytes do not match the expected checksum.
 *
 * @since 0.1.0
 */
export class ChecksumMismatchError extends CacheError {
  /** Expected digest, in the form of the option `checksum`. */
  readonly expected: string;
  /** Digest of the bytes, in the same form. */
  readonly actual: string;

  /** Creates the error, for authors of drivers. */
  constructor(imageId: string, expected: string, actual: string) {
    super('ERR_CHECKSUM_MISMATCH', `${imageName(imageId)} has checksum ${actual}, expected ${expected}`, { imageId });
    this.expected = expected;
    this.actual = actual;
  }
}

/**
 * No space is left: on the disk (`ENOSPC`), in a quota (`EDQUOT`), or below the limit of the cache.
 *
 * @since 0.1.0
 */
export class NoSpaceError extends CacheError {
  /** Creates the error, for authors of drivers. */
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_NO_SPACE', message, details);
  }
}

/**
 * Another process or thread held a lock for too long.
 *
 * @since 0.1.0
 */
export class LockTimeoutError extends CacheError {
  /** Creates the error, for authors of drivers. */
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_LOCK_TIMEOUT', message, details);
  }
}

/**
 * The source of an image failed, in this process or another.
 *
 * @since 0.1.0
 */
export class FetchFailedError extends CacheError {
  /** Status of the HTTP response, if the response was not ok. */
  readonly status: number | undefined;
  /** True if the source failed in another process. Then only the error's code and text are known. */
  readonly remote: boolean;

  /** Creates the error, for authors of drivers. */
  constructor(
    message: string,
    { status, remote = false, ...details }: ErrorDetails & { readonly status?: number; readonly remote?: boolean } = {},
  ) {
    super('ERR_FETCH_FAILED', message, details);
    this.status = status;
    this.remote = remote;
  }
}

/**
 * A `fetch` requests, directly or through others, the image that it fetches, and would wait for itself.
 *
 * @since 0.1.0
 */
export class FetchCycleError extends CacheError {
  /** Creates the error, for authors of drivers. */
  constructor(imageId: string, fetching: string, details?: ErrorDetails) {
    const through = imageId === fetching ? '' : `, through ${imageName(fetching)}`;
    const message = `the fetch of ${imageName(imageId)} waits for that image${through}`;
    super('ERR_FETCH_CYCLE', message, { ...details, imageId });
  }
}

/**
 * The object was used before `configure()` or after `close()`.
 *
 * @since 0.1.0
 */
export class NotOpenError extends CacheError {
  /** Creates the error, for authors of drivers. */
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_NOT_OPEN', message, details);
  }
}

/**
 * The addon could not be loaded.
 *
 * @since 0.1.0
 */
export class NativeLoadError extends CacheError {
  /** Creates the error, for authors of drivers. */
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_NATIVE_LOAD', message, details);
  }
}

// On the prototypes, where the first line of a stack trace looks for it, and as text, which a minifier leaves alone.
const classes = {
  CacheError,
  BadDriverConfiguration,
  InvalidImageIdError,
  ImageNotFoundError,
  ImageBusyError,
  ClaimLostError,
  SizeMismatchError,
  ChecksumMismatchError,
  NoSpaceError,
  LockTimeoutError,
  FetchFailedError,
  FetchCycleError,
  NotOpenError,
  NativeLoadError,
};
for (const [name, { prototype }] of Object.entries(classes)) prototype.name = name;

/**
 * Maps a system error to a typed one. Returns any other error unchanged: a typed one, or a `TypeError`.
 */
export function toCacheError(error: unknown, details: Omit<ErrorDetails, 'cause'> = {}): unknown {
  if (!isSystemError(error)) return error;
  const message = details.path === undefined ? error.message : `${error.message} '${details.path}'`;
  const all = { ...details, cause: error };
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return new NoSpaceError(message, all);
  return new CacheError('ERR_IO', message, all);
}

/** Returns the error for an image larger than the limit of the cache. */
export function tooLarge(imageId: string): NoSpaceError {
  return new NoSpaceError(`${imageName(imageId)} is larger than the cache`, { imageId });
}

/** Returns the error for an image whose file was truncated after it was opened. */
export function cutShort(imageId: string | undefined, size: number, expected: number): CacheError {
  const message = `the image has ${size} bytes, but had ${expected} when it was opened`;
  return new CacheError('ERR_IO', message, { imageId });
}

export function isSystemError(error: unknown): error is SystemError {
  return isError(error) && 'errno' in error && 'syscall' in error && !CacheError.is(error);
}

/** Returns true if this process, or the machine, has no file descriptor left. */
export function lacksDescriptors(error: unknown): boolean {
  return isSystemError(error) && (error.code === 'EMFILE' || error.code === 'ENFILE');
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
