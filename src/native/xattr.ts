import { types } from 'node:util';

import { ImageNotFoundError, isSystemError, LockTimeoutError, type SystemError, toCacheError } from '../api/errors.ts';
import { locked, retryWhileLocked } from '../base/lock-retry.ts';
import { pickOptions } from '../base/pick-options.ts';
import { assertInteger, assertNoNul, assertNonNegative, invalidType } from '../base/validate.ts';
import { native } from './native.ts';

/**
 * Options of {@link incXattr}.
 *
 * @since 0.1.0
 */
export interface LockOptions {
  /** Longest wait for the lock of the file in milliseconds. @defaultValue 1000 */
  readonly lockTimeoutMs?: number;
}

const defaultLockTimeoutMs = 1000;

/**
 * Returns the value of attribute `user.<key>` of a file (getxattr(2)). If the file has no such attribute, returns
 * `undefined`.
 *
 * @param path - a file or a directory; a symbolic link is followed
 * @param key - the attribute's name without `user.`
 * @throws {@link ImageNotFoundError} if the file does not exist
 * @since 0.1.0
 */
export async function getXattr(path: string, key: string): Promise<Buffer | undefined> {
  const name = attributeName(path, key);
  try {
    return await native.getAttributeAsync(path, name);
  } catch (error) {
    throw explain(error, path);
  }
}

/**
 * Synchronous form of {@link getXattr}.
 *
 * @since 0.1.0
 */
export function getXattrSync(path: string, key: string): Buffer | undefined {
  const name = attributeName(path, key);
  try {
    return native.getAttributeSync(path, name);
  } catch (error) {
    throw explain(error, path);
  }
}

/**
 * Sets attribute `user.<key>` of a file (setxattr(2)).
 *
 * @param path - a file or a directory; a symbolic link is followed
 * @param key - the attribute's name without `user.`
 * @param value - text is written as UTF-8, a number in decimal
 * @throws {@link ImageNotFoundError} if the file does not exist
 * @throws {@link NoSpaceError} if the value does not fit; ext4 has space for 4 KiB of attributes
 * @since 0.1.0
 */
export async function setXattr(path: string, key: string, value: string | number | Uint8Array): Promise<void> {
  const name = attributeName(path, key);
  const bytes = toBytes(value);
  try {
    await native.setAttributeAsync(path, name, bytes);
  } catch (error) {
    throw explain(error, path);
  }
}

/**
 * Synchronous form of {@link setXattr}.
 *
 * @since 0.1.0
 */
export function setXattrSync(path: string, key: string, value: string | number | Uint8Array): void {
  const name = attributeName(path, key);
  const bytes = toBytes(value);
  try {
    native.setAttributeSync(path, name, bytes);
  } catch (error) {
    throw explain(error, path);
  }
}

/**
 * Adds `n` to the decimal counter in attribute `user.<key>` of a file. Returns the new value, which stays between 0 and
 * 2⁵³ − 1. A value that is no such number counts as 0.
 *
 * Any number of processes and threads may call it concurrently: no increment is lost. It waits for the lock of another
 * caller by timer, and blocks neither the event loop nor a thread of the pool.
 *
 * @param path - a file; a symbolic link is followed
 * @param key - the attribute's name without `user.`
 * @param n - integer to add
 * @param options - the lock timeout
 * @throws {@link ImageNotFoundError} if the file does not exist
 * @throws {@link LockTimeoutError} if the file stays locked for `lockTimeoutMs`
 *
 * @since 0.1.0
 *
 * @example
 * const downloads = await incXattr('/srv/files/report.pdf', 'downloads');
 */
export async function incXattr(path: string, key: string, n = 1, options: LockOptions = {}): Promise<number> {
  const name = attributeName(path, key);
  assertInteger(n, 'n');
  const lockTimeoutMs = lockTimeoutOf(options);

  let cause: SystemError | undefined;
  const attempt = async () => {
    try {
      return await native.incrementCounterAsync(path, name, n, 0);
    } catch (error) {
      if (!isLocked(error)) throw explain(error, path);
      cause = error;
      return locked;
    }
  };
  const count = await retryWhileLocked(attempt, lockTimeoutMs);
  if (count === locked) throw explain(cause, path);
  return count;
}

/**
 * Synchronous form of {@link incXattr}. Blocks while it waits for a lock.
 *
 * @since 0.1.0
 */
export function incXattrSync(path: string, key: string, n = 1, options: LockOptions = {}): number {
  const name = attributeName(path, key);
  assertInteger(n, 'n');
  const lockTimeoutMs = lockTimeoutOf(options);
  try {
    return native.incrementCounterSync(path, name, n, Math.min(lockTimeoutMs, Number.MAX_SAFE_INTEGER / 1e6));
  } catch (error) {
    throw explain(error, path);
  }
}

function lockTimeoutOf(options: LockOptions): number {
  const { lockTimeoutMs = defaultLockTimeoutMs } = pickOptions(options, ['lockTimeoutMs']);
  assertNonNegative(lockTimeoutMs, 'options.lockTimeoutMs');
  return lockTimeoutMs;
}

function attributeName(path: string, key: string): string {
  assertNoNul(path, 'path');
  assertNoNul(key, 'key');
  return `user.${key}`;
}

function toBytes(value: string | number | Uint8Array): Uint8Array {
  if (types.isUint8Array(value)) return value;
  if (typeof value === 'string' || typeof value === 'number') return Buffer.from(String(value));
  throw invalidType('value', 'of type string or number or an instance of Uint8Array', value);
}

function isLocked(error: unknown): error is SystemError {
  return isSystemError(error) && error.code === 'ETIMEDOUT' && error.syscall === 'flock';
}

function explain(error: unknown, path: string): unknown {
  if (!isSystemError(error)) return error;
  if (error.code === 'ENOENT') return new ImageNotFoundError(`${error.message} '${path}'`, { path, cause: error });
  if (isLocked(error))
    return new LockTimeoutError(`another process or thread holds the lock of '${path}'`, { path, cause: error });
  return toCacheError(error, { path });
}
