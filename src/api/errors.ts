import { isError } from '../base/error-facts.ts';

/** Stable, documented identifiers (docs/errors.md). Branch on these, never on messages. */
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

/** What an error is about, as far as it is known. */
export interface ErrorDetails {
  /** The image that the operation was about. */
  readonly imageId?: string | undefined;
  /** The file that the operation was about. */
  readonly path?: string | undefined;
  /** Where a system error is the cause, `errno` and `syscall` are taken from it. */
  readonly cause?: unknown;
}

/** What the native layer and `node:fs` throw. */
export interface SystemError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly path?: string;
}

// Registered symbol: recognises errors of another realm or of a second copy of this package, where `instanceof` cannot.
const brand = Symbol.for('xattr-cache.CacheError');

/**
 * Base class of every operational error of this package. Wrong arguments are `TypeError` or `RangeError` with Node's
 * `ERR_INVALID_ARG_*` codes instead.
 *
 * @example
 * try {
 *   await driver.writeImage('debian-12', body);
 * } catch (error) {
 *   if (!CacheError.is(error) || error.code !== 'ERR_IMAGE_BUSY') throw error; // else somebody else is writing it
 * }
 */
export class CacheError extends Error {
  static {
    CacheError.prototype.name = 'CacheError';
    Object.defineProperty(CacheError.prototype, brand, { value: true });
  }

  /** What went wrong; `ERR_IO` for what has no class of its own. */
  readonly code: CacheErrorCode;
  /** The image that the operation was about. */
  readonly imageId: string | undefined;
  /** The negated errno of the failed system call, as in `node:fs`. */
  readonly errno: number | undefined;
  /** The failed system call. */
  readonly syscall: string | undefined;
  /** The file that the operation was about. */
  readonly path: string | undefined;

  /** For drivers of one's own; those of this package are made by it. */
  constructor(code: CacheErrorCode, message: string, { imageId, path, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.imageId = imageId;
    const system = isSystemError(cause) ? cause : undefined;
    this.errno = system?.errno;
    this.syscall = system?.syscall;
    this.path = path ?? system?.path;
  }

  /** Like `instanceof`, and right across realms and copies of the package. */
  static is(value: unknown): value is CacheError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}

/** The directory cannot be used: thrown by `configure()` alone. */
export class BadDriverConfiguration extends CacheError {
  static {
    BadDriverConfiguration.prototype.name = 'BadDriverConfiguration';
  }

  /** Which driver: `xattr`. */
  readonly driverName: string;
  /** What is wrong and what to do, without the driver's name. */
  readonly reason: string;

  /** For drivers of one's own. */
  constructor(driverName: string, reason: string, details?: ErrorDetails) {
    super('ERR_BAD_DRIVER_CONFIGURATION', `cannot use the ${driverName} driver: ${reason}`, details);
    this.driverName = driverName;
    this.reason = reason;
  }
}

/** Not 1 to 255 bytes of UTF-8, or a name that the cache keeps for itself. */
export class InvalidImageIdError extends CacheError {
  static {
    InvalidImageIdError.prototype.name = 'InvalidImageIdError';
  }

  /** For drivers of one's own. */
  constructor(imageId: string, reason: string) {
    super('ERR_INVALID_IMAGE_ID', `invalid image id ${JSON.stringify(shorten(imageId))}: ${reason}`, { imageId });
  }
}

/** The image is not cached. */
export class ImageNotFoundError extends CacheError {
  static {
    ImageNotFoundError.prototype.name = 'ImageNotFoundError';
  }

  /** For drivers of one's own. */
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_IMAGE_NOT_FOUND', message, details);
  }
}

/** A live writer, or a foreign one, has the image. */
export class ImageBusyError extends CacheError {
  static {
    ImageBusyError.prototype.name = 'ImageBusyError';
  }

  /** For drivers of one's own. */
  constructor(
    imageId: string,
    { reason = 'is being written by somebody else', ...details }: ErrorDetails & { readonly reason?: string } = {},
  ) {
    super('ERR_IMAGE_BUSY', `image ${JSON.stringify(imageId)} ${reason}`, { ...details, imageId });
  }
}

/** The image was deleted, reaped or replaced by a foreign writer while it was being written. */
export class ClaimLostError extends CacheError {
  static {
    ClaimLostError.prototype.name = 'ClaimLostError';
  }

  /** For drivers of one's own. */
  constructor(imageId: string, details?: ErrorDetails) {
    super('ERR_CLAIM_LOST', `image ${JSON.stringify(imageId)} was deleted while it was being written`, {
      ...details,
      imageId,
    });
  }
}

/** Not as long as `expectedSize` said. */
export class SizeMismatchError extends CacheError {
  static {
    SizeMismatchError.prototype.name = 'SizeMismatchError';
  }

  /** Bytes, as `expectedSize` said. */
  readonly expected: number;
  /** Bytes that came. */
  readonly actual: number;

  /** For drivers of one's own. */
  constructor(imageId: string, expected: number, actual: number) {
    super('ERR_SIZE_MISMATCH', `image ${JSON.stringify(imageId)} has ${actual} bytes, expected ${expected}`, {
      imageId,
    });
    this.expected = expected;
    this.actual = actual;
  }
}

/** The bytes are not those that the checksum was made of. */
export class ChecksumMismatchError extends CacheError {
  static {
    ChecksumMismatchError.prototype.name = 'ChecksumMismatchError';
  }

  /** The digest that was given, in the form in which it was. */
  readonly expected: string;
  /** The digest of the bytes, in the same form. */
  readonly actual: string;

  /** For drivers of one's own. */
  constructor(imageId: string, expected: string, actual: string) {
    super('ERR_CHECKSUM_MISMATCH', `image ${JSON.stringify(imageId)} has checksum ${actual}, expected ${expected}`, {
      imageId,
    });
    this.expected = expected;
    this.actual = actual;
  }
}

/** `ENOSPC`, `EDQUOT`, or a limit of the cache. */
export class NoSpaceError extends CacheError {
  static {
    NoSpaceError.prototype.name = 'NoSpaceError';
  }

  /** For drivers of one's own. */
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_NO_SPACE', message, details);
  }
}

/** Somebody else held a lock for too long. */
export class LockTimeoutError extends CacheError {
  static {
    LockTimeoutError.prototype.name = 'LockTimeoutError';
  }

  /** For drivers of one's own. */
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_LOCK_TIMEOUT', message, details);
  }
}

/** A source that failed, here or in another process. */
export class FetchFailedError extends CacheError {
  static {
    FetchFailedError.prototype.name = 'FetchFailedError';
  }

  /** Of an HTTP response that is not ok. */
  readonly status: number | undefined;
  /** Whether it failed in another process, of which only the error's code and text are known. */
  readonly remote: boolean;

  /** For drivers of one's own. */
  constructor(
    message: string,
    { status, remote = false, ...details }: ErrorDetails & { readonly status?: number; readonly remote?: boolean } = {},
  ) {
    super('ERR_FETCH_FAILED', message, details);
    this.status = status;
    this.remote = remote;
  }
}

/** A `fetch` that asks, directly or through others, for the image that it fetches: it would wait for itself. */
export class FetchCycleError extends CacheError {
  static {
    FetchCycleError.prototype.name = 'FetchCycleError';
  }

  /** For drivers of one's own. */
  constructor(imageId: string, fetching: string, details?: ErrorDetails) {
    const through = imageId === fetching ? '' : `, through image ${JSON.stringify(fetching)}`;
    super('ERR_FETCH_CYCLE', `the fetch of image ${JSON.stringify(imageId)} waits for that image${through}`, {
      ...details,
      imageId,
    });
  }
}

/** Used before `configure()` or after `close()`. */
export class NotOpenError extends CacheError {
  static {
    NotOpenError.prototype.name = 'NotOpenError';
  }

  /** For drivers of one's own. */
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_NOT_OPEN', message, details);
  }
}

/** The addon could not be loaded. */
export class NativeLoadError extends CacheError {
  static {
    NativeLoadError.prototype.name = 'NativeLoadError';
  }

  /** For drivers of one's own. */
  constructor(message: string, details?: ErrorDetails) {
    super('ERR_NATIVE_LOAD', message, details);
  }
}

/**
 * Maps an error of the native layer to a typed one. Anything that is not a system error (a typed one already, a
 * `TypeError`) passes through untouched.
 */
export function toCacheError(error: unknown, details: Omit<ErrorDetails, 'cause'> = {}): unknown {
  if (!isSystemError(error)) return error;
  const message = details.path === undefined ? error.message : `${error.message} '${details.path}'`;
  const all = { ...details, cause: error };
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return new NoSpaceError(message, all);
  return new CacheError('ERR_IO', message, all);
}

/** For an image that could not stay. */
export function tooLarge(imageId: string): NoSpaceError {
  return new NoSpaceError(`image ${JSON.stringify(imageId)} is larger than the cache`, { imageId });
}

/** For an image that somebody has cut since it was opened. */
export function cutShort(imageId: string | undefined, size: number, expected: number): CacheError {
  const message = `the image ends after ${size} bytes, and had ${expected} when it was opened`;
  return new CacheError('ERR_IO', message, { imageId });
}

export function isSystemError(error: unknown): error is SystemError {
  return isError(error) && 'errno' in error && 'syscall' in error && !CacheError.is(error);
}

/** Whether this process, or the whole machine, had no file descriptor left. */
export function lacksDescriptors(error: unknown): boolean {
  return isSystemError(error) && (error.code === 'EMFILE' || error.code === 'ENFILE');
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
