import type { CacheDriver, WriteOptions } from '../api/driver.ts';
import { guarded, type Logger } from '../api/logger.ts';
import { pickOptions } from '../base/pick-options.ts';
import {
  assertCount,
  assertNonNegative,
  assertOptions,
  assertString,
  invalidType,
  invalidValue,
  outOfRange,
} from '../base/validate.ts';
import { assertMaxInvalidSize, type CacheLimits, defaultMaxSize } from '../driver/options.ts';
import type { Checksum } from '../streams/checksum.ts';
import { assertWriteOptions } from '../streams/put-chunks.ts';

/** Where a cache is, and what it may take. */
export interface ImageCacheOptions extends CacheLimits {
  /** Either a directory (an `XattrDriver` is made) … */
  readonly dir?: string;
  /** … or a driver, configured or not. */
  readonly driver?: CacheDriver;
  /** Bytes. @defaultValue 10 GiB */
  readonly maxSize?: number;
  /** When what a writer left behind counts as stalled, in seconds. @defaultValue that of the driver, 86_400 */
  readonly stallTimeSeconds?: number;
  /**
   * After a commit through this cache that takes it over `maxSize`, evict down to `lowWatermark` × `maxSize`.
   * @defaultValue true
   */
  readonly autoPrune?: boolean;
  /** A part of `maxSize`, from 0 to 1. @defaultValue 0.9 */
  readonly lowWatermark?: number;
  /**
   * How long a reader of `getOrFetch` waits, in milliseconds, for a byte that the writer does not bring, before it reads
   * past the cache: a writer that was stopped keeps its claim. @defaultValue for ever
   */
  readonly stalledAfterMs?: number;
  /** Told of what the cache swallows; silent by default. */
  readonly logger?: Logger;
}

/** What is known of an image before {@link ImageCache.cacheImage} or a tee writes it. */
export interface CacheImageOptions extends WriteOptions {
  /** Compared at the end; a mismatch rolls the write back. */
  readonly checksum?: Checksum;
  /** Whether an image that is cached is written anew, which replaces it at the end, with 0 hits. @defaultValue false */
  readonly replace?: boolean;
}

export interface ResolvedCacheOptions {
  /** Where there is no driver. */
  readonly dir: string | undefined;
  readonly driver: CacheDriver | undefined;
  readonly maxSize: number;
  readonly maxInvalidSize: number;
  readonly stallTimeSeconds: number | undefined;
  readonly autoPrune: boolean;
  readonly lowWatermark: number;
  readonly stalledAfterMs: number | undefined;
  readonly logger: Logger | undefined;
}

/** The longest that a timer of Node's can wait. Milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

const optionNames = [
  'dir',
  'driver',
  'maxSize',
  'maxInvalidSize',
  'stallTimeSeconds',
  'autoPrune',
  'lowWatermark',
  'stalledAfterMs',
  'logger',
] as const;

/** @throws TypeError and RangeError */
export function assertCacheOptions(options: ImageCacheOptions): ResolvedCacheOptions {
  const picked = pickOptions(options, optionNames);
  const { dir, driver, maxSize = defaultMaxSize, stallTimeSeconds, logger } = picked;
  const { autoPrune = true, lowWatermark = 0.9, stalledAfterMs } = picked;
  if ((dir === undefined) === (driver === undefined)) {
    throw invalidValue('options', 'must have either a dir or a driver', options);
  }
  if (dir !== undefined) assertString(dir, 'options.dir');
  if (driver !== undefined) assertOptions(driver, 'options.driver');
  assertCount(maxSize, 'options.maxSize');
  if (driver !== undefined && picked.maxInvalidSize !== undefined) {
    const reason = 'is for a dir: a driver has limits of its own';
    throw invalidValue('options.maxInvalidSize', reason, picked.maxInvalidSize);
  }
  const maxInvalidSize = assertMaxInvalidSize(picked.maxInvalidSize, 'options.maxInvalidSize', maxSize);
  if (stallTimeSeconds !== undefined) assertNonNegative(stallTimeSeconds, 'options.stallTimeSeconds');
  if (typeof autoPrune !== 'boolean') throw invalidType('options.autoPrune', 'of type boolean', autoPrune);
  assertNonNegative(lowWatermark, 'options.lowWatermark');
  if (lowWatermark > 1) throw outOfRange('options.lowWatermark', '>= 0 and <= 1', lowWatermark);
  if (stalledAfterMs !== undefined) assertTimer(stalledAfterMs, 'options.stalledAfterMs');
  const checked = { dir, driver, maxSize, maxInvalidSize, stallTimeSeconds, autoPrune, lowWatermark, stalledAfterMs };
  return { ...checked, logger: guarded(logger) };
}

/** What is known of an image that is written, checked, and apart from what the driver is told. */
export interface CheckedImageOptions {
  readonly write: WriteOptions;
  readonly checksum: Checksum | undefined;
  readonly replace: boolean;
}

/** @throws TypeError and RangeError */
export function assertCacheImageOptions(options: CacheImageOptions): CheckedImageOptions {
  const picked = pickOptions(options, ['expectedSize', 'signal', 'checksum', 'replace']);
  const { checksum, replace = false, ...write } = picked;
  if (typeof replace !== 'boolean') throw invalidType('options.replace', 'of type boolean', replace);
  return { write: assertWriteOptions(write), checksum, replace };
}

function assertTimer(milliseconds: number, name: string): void {
  assertNonNegative(milliseconds, name);
  if (milliseconds >= 1 && milliseconds <= longestTimerMs) return;
  throw outOfRange(name, `>= 1 and <= ${longestTimerMs}`, milliseconds);
}
