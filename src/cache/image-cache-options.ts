import type { CacheDriver, WriteOptions } from '../api/driver.ts';
import { type Durability, durabilities } from '../api/durability.ts';
import { guarded, type Logger } from '../api/logger.ts';
import { pickOptions } from '../base/pick-options.ts';
import {
  assertCount,
  assertNonNegative,
  assertOneOf,
  assertOptions,
  assertString,
  assertTimer,
  invalidType,
  invalidValue,
  outOfRange,
} from '../base/validate.ts';
import { assertMaxInvalidSize, type CacheLimits, defaultMaxSize } from '../driver/options.ts';
import type { Checksum } from '../streams/checksum.ts';
import { assertWriteOptions } from '../streams/put-chunks.ts';

/**
 * Options of an {@link ImageCache}. Either `dir` or `driver` is required.
 *
 * @since 0.1.0
 */
export interface ImageCacheOptions extends CacheLimits {
  /** The cache directory, for which an {@link XattrDriver} is made. */
  readonly dir?: string;
  /** The driver, configured or not. */
  readonly driver?: CacheDriver;
  /** Limit of the cache, in bytes. @defaultValue 10 GiB */
  readonly maxSize?: number;
  /**
   * Age at which the files of a writer of unknown liveness count as stalled, in seconds.
   * @defaultValue that of the driver, 86_400
   */
  readonly stallTimeSeconds?: number;
  /**
   * Evict down to `lowWatermark` × `maxSize` after a commit through this cache that takes it over `maxSize`.
   * @defaultValue true
   */
  readonly autoPrune?: boolean;
  /** Part of `maxSize` to which `autoPrune` evicts, from 0 to 1. @defaultValue 0.9 */
  readonly lowWatermark?: number;
  /**
   * Time without a byte from the writer after which a reader of `getOrFetch` bypasses the cache, in milliseconds. A
   * writer whose process was stopped keeps its claim.
   * @defaultValue for ever
   */
  readonly stalledAfterMs?: number;
  /** As for a driver: see {@link XattrDriverOptions.durability}. */
  readonly durability?: Durability;
  /** A logger with the methods of pino, for errors that the cache does not throw. @defaultValue none */
  readonly logger?: Logger;
}

/**
 * Options of {@link ImageCache.cacheImage} and of {@link ImageCache.cachingIterator}.
 *
 * @since 0.1.0
 */
export interface CacheImageOptions extends WriteOptions {
  /** Checksum, compared at the end. A mismatch rolls the write back. */
  readonly checksum?: Checksum;
  /** Write an image that is cached already. The new one replaces it at the end, with 0 hits. @defaultValue false */
  readonly replace?: boolean;
}

export interface ResolvedCacheOptions {
  /** Defined if there is no driver. */
  readonly dir: string | undefined;
  readonly driver: CacheDriver | undefined;
  readonly maxSize: number;
  readonly maxInvalidSize: number;
  readonly stallTimeSeconds: number | undefined;
  readonly durability: Durability | undefined;
  readonly autoPrune: boolean;
  readonly lowWatermark: number;
  readonly stalledAfterMs: number | undefined;
  readonly logger: Logger | undefined;
}

const optionNames = [
  'dir',
  'driver',
  'maxSize',
  'maxInvalidSize',
  'stallTimeSeconds',
  'durability',
  'autoPrune',
  'lowWatermark',
  'stalledAfterMs',
  'logger',
] as const;

/** @throws TypeError and RangeError */
export function assertCacheOptions(options: ImageCacheOptions): ResolvedCacheOptions {
  const picked = pickOptions(options, optionNames);
  const { dir, driver, maxSize = defaultMaxSize, stallTimeSeconds, durability, logger } = picked;
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
  if (driver !== undefined && durability !== undefined) {
    throw invalidValue('options.durability', 'is for a dir: a driver has a durability of its own', durability);
  }
  if (durability !== undefined) assertOneOf(durability, durabilities, 'options.durability');
  const maxInvalidSize = assertMaxInvalidSize(picked.maxInvalidSize, 'options.maxInvalidSize', maxSize);
  if (stallTimeSeconds !== undefined) assertNonNegative(stallTimeSeconds, 'options.stallTimeSeconds');
  if (typeof autoPrune !== 'boolean') throw invalidType('options.autoPrune', 'of type boolean', autoPrune);
  assertNonNegative(lowWatermark, 'options.lowWatermark');
  if (lowWatermark > 1) throw outOfRange('options.lowWatermark', '>= 0 and <= 1', lowWatermark);
  if (stalledAfterMs !== undefined) assertTimer(stalledAfterMs, 'options.stalledAfterMs');
  const checked = { dir, driver, maxSize, maxInvalidSize, stallTimeSeconds, autoPrune, lowWatermark, stalledAfterMs };
  return { ...checked, durability, logger: guarded(logger) };
}

/** The checked options of a write, apart from those of the driver. */
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
