import { resolve } from 'node:path';

import { type Durability, durabilities } from '../api/durability.ts';
import { guarded, type Logger } from '../api/logger.ts';
import { pickOptions } from '../base/pick-options.ts';
import {
  assertCount,
  assertNoNul,
  assertNonNegative,
  assertOneOf,
  assertTimer,
  invalidType,
} from '../base/validate.ts';

/**
 * Options of an {@link XattrDriver}.
 *
 * @since 0.1.0
 */
export interface XattrDriverOptions {
  /** The cache directory. It is created if it is missing. */
  readonly dir: string;
  /** Age at which the files of a writer of unknown liveness count as stalled, in seconds. @defaultValue 86_400 */
  readonly stallTimeSeconds?: number;
  /**
   * Maximum wait for a lock, in milliseconds. Only a `Sync` call waits on the event loop. Other calls on one image wait
   * as long for a file descriptor while the process has none left.
   * @defaultValue 1_000
   */
  readonly lockTimeoutMs?: number;
  /**
   * Age of the recorded access time below which a hit does not write it again, in milliseconds. With 0, every hit
   * writes it, which makes the LRU order exact.
   * @defaultValue 0
   */
  readonly accessResolutionMs?: number;
  /**
   * Allow short operations on the event loop when the kernel can do them without waiting.
   * @defaultValue true, false on remote file systems
   */
  readonly inline?: boolean;
  /**
   * Which images a loss of power may cost. `checkpoint`: those of the last seconds, and no wrong byte is served. `sync`:
   * each image is on disk before it is published. `none`: see durability.md. @defaultValue `checkpoint` where
   * `capabilities.checkpoint` is true, else `none`
   */
  readonly durability?: Durability;
  /** Shortest time between two checkpoints, in milliseconds. @defaultValue 5_000 */
  readonly checkpointIntervalMs?: number;
  /** Limits of the cache's use of its file system. */
  readonly limits?: CacheLimits;
  /** A logger with the methods of pino. @defaultValue none */
  readonly logger?: Logger;
}

/**
 * Limits of a cache's use of its file system.
 *
 * @since 0.1.0
 */
export interface CacheLimits {
  /**
   * Maximum size of the failed writes in `invalid/`, in bytes. The oldest go first, and at most 1,000 are kept. A
   * failed write that is larger by itself keeps only its reason. With 0, all keep only their reasons.
   * @defaultValue 1 % of `maxSize`, which is 10 GiB unless an {@link ImageCache} has another
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
  /** Undefined: as far as the file system keeps it. */
  readonly durability: Durability | undefined;
  readonly checkpointIntervalMs: number;
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
  'durability',
  'checkpointIntervalMs',
  'limits',
  'logger',
] as const;

/** Checks the options. `configure()` refuses an empty `dir`. @throws TypeError and RangeError */
export function assertDriverOptions(options: XattrDriverOptions): ResolvedDriverOptions {
  const picked = pickOptions(options, optionNames);
  const { dir, stallTimeSeconds = 86_400, lockTimeoutMs = 1_000, accessResolutionMs = 0, inline, logger } = picked;
  const { durability, checkpointIntervalMs = 5_000 } = picked;
  assertNoNul(dir, 'options.dir');
  assertNonNegative(stallTimeSeconds, 'options.stallTimeSeconds');
  assertNonNegative(lockTimeoutMs, 'options.lockTimeoutMs');
  assertNonNegative(accessResolutionMs, 'options.accessResolutionMs');
  if (inline !== undefined && typeof inline !== 'boolean')
    throw invalidType('options.inline', 'of type boolean', inline);
  if (durability !== undefined) assertOneOf(durability, durabilities, 'options.durability');
  assertTimer(checkpointIntervalMs, 'options.checkpointIntervalMs');
  const limits = pickOptions(picked.limits ?? {}, ['maxInvalidSize'], 'options.limits');
  const maxInvalidSize = assertMaxInvalidSize(limits.maxInvalidSize, 'options.limits.maxInvalidSize', defaultMaxSize);
  const times = { stallTimeSeconds, lockTimeoutMs, accessResolutionMs };
  const checked = { ...times, inline, maxInvalidSize, durability, checkpointIntervalMs };
  return { dir: dir && absolute(dir), ...checked, logger: guarded(logger) };
}

/**
 * Resolves a path, since the process may change its working directory later. `configure()` refuses a removed directory.
 */
function absolute(dir: string): string {
  try {
    return resolve(dir);
  } catch {
    return dir;
  }
}
