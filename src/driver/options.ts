import { resolve } from 'node:path';

import { guarded, type Logger } from '../api/logger.ts';
import { pickOptions } from '../base/pick-options.ts';
import { assertCount, assertNoNul, assertNonNegative, invalidType } from '../base/validate.ts';

/** Where an {@link XattrDriver} works, and how patient it is. */
export interface XattrDriverOptions {
  /** The cache directory. It is made if it is missing. */
  readonly dir: string;
  /** When what a writer left behind counts as stalled, in seconds. @defaultValue 86_400 */
  readonly stallTimeSeconds?: number;
  /**
   * How long a lock is waited for, off the event loop (a `Sync` call waits in it), in milliseconds; and as long a file
   * descriptor, by calls on one image that are not `Sync`, while the process has none left. @defaultValue 1_000
   */
  readonly lockTimeoutMs?: number;
  /**
   * Do not write the access time again while the recorded one is younger, in milliseconds. 0: with every hit, which
   * makes the LRU order exact. @defaultValue 0
   */
  readonly accessResolutionMs?: number;
  /**
   * Whether short operations may run on the event loop when the kernel can do them without waiting.
   * @defaultValue true, false on remote file systems
   */
  readonly inline?: boolean;
  /** What the cache may take. */
  readonly limits?: CacheLimits;
  /** pino's shape; silent by default. */
  readonly logger?: Logger;
}

/** What a cache may take of its file system. */
export interface CacheLimits {
  /**
   * Of failed writes that are kept in `invalid/`, in bytes. The oldest go first, and at most 1,000 are kept; a failed
   * write that is larger by itself keeps its reason only. 0: the reasons only. @defaultValue 1 % of `maxSize`, which is
   * 10 GiB unless an {@link ImageCache} says otherwise
   */
  readonly maxInvalidSize?: number;
}

export interface ResolvedDriverOptions {
  readonly dir: string;
  readonly stallTimeSeconds: number;
  readonly lockTimeoutMs: number;
  readonly accessResolutionMs: number;
  readonly inline: boolean | undefined;
  readonly maxInvalidSize: number;
  readonly logger: Logger | undefined;
}

/** Glance's `image_cache_max_size`, in bytes. */
export const defaultMaxSize: number = 10 * 1024 ** 3;

/** @throws TypeError and RangeError */
export function assertMaxInvalidSize(value: number | undefined, name: string, maxSize: number): number {
  if (value === undefined) return Math.floor(maxSize / 100);
  assertCount(value, name);
  return value;
}

const optionNames = [
  'dir',
  'stallTimeSeconds',
  'lockTimeoutMs',
  'accessResolutionMs',
  'inline',
  'limits',
  'logger',
] as const;

/** @throws TypeError and RangeError. An empty `dir` is for `configure()` to refuse. */
export function assertDriverOptions(options: XattrDriverOptions): ResolvedDriverOptions {
  const picked = pickOptions(options, optionNames);
  const { dir, stallTimeSeconds = 86_400, lockTimeoutMs = 1_000, accessResolutionMs = 0, inline, logger } = picked;
  assertNoNul(dir, 'options.dir');
  assertNonNegative(stallTimeSeconds, 'options.stallTimeSeconds');
  assertNonNegative(lockTimeoutMs, 'options.lockTimeoutMs');
  assertNonNegative(accessResolutionMs, 'options.accessResolutionMs');
  if (inline !== undefined && typeof inline !== 'boolean')
    throw invalidType('options.inline', 'of type boolean', inline);
  const limits = pickOptions(picked.limits ?? {}, ['maxInvalidSize'], 'options.limits');
  const maxInvalidSize = assertMaxInvalidSize(limits.maxInvalidSize, 'options.limits.maxInvalidSize', defaultMaxSize);
  const patience = { stallTimeSeconds, lockTimeoutMs, accessResolutionMs };
  return { dir: dir && absolute(dir), ...patience, inline, maxInvalidSize, logger: guarded(logger) };
}

/** The process may change its working directory later. One that was removed is for `configure()` to refuse. */
function absolute(dir: string): string {
  try {
    return resolve(dir);
  } catch {
    return dir;
  }
}
