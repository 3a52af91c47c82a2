import { assertCount, invalidType, invalidValue, outOfRange } from '../base/validate.ts';

/**
 * Limits of a cache's use of its file system. A size is a number of bytes, or a part of the file system such as `'80%'`.
 *
 * @since 0.1.0
 */
export interface CacheLimits {
  /**
   * Maximum size of the images and of the failed writes. @defaultValue 10 GiB, and never more than the file system has
   */
  readonly maxSize?: number | `${number}%`;
  /** Maximum number of images. @defaultValue unlimited */
  readonly maxImages?: number;
  /** Size of the file system that eviction keeps free. @defaultValue 5 % or 1 GiB, whichever is less */
  readonly minFree?: number | `${number}%`;
  /** Number of inodes that eviction keeps free. @defaultValue 0 */
  readonly minFreeInodes?: number;
  /**
   * Maximum size of the failed writes in `invalid/`, in bytes. The oldest go first, and at most 1,000 are kept. A
   * failed write that is larger by itself keeps only its reason. With 0, all keep only their reasons.
   * @defaultValue 1 % of `maxSize`
   */
  readonly maxInvalidSize?: number;
}

/**
 * How a cache stands to its limits. Sizes are in bytes.
 *
 * @since 0.2.0
 */
export interface LimitState {
  /** The strictest limits of this cache and of all processes that write now. `Infinity`, or 0 for free space: none. */
  readonly maxSize: number;
  /** As in {@link CacheLimits}. */
  readonly maxImages: number;
  /** As in {@link CacheLimits}. */
  readonly minFree: number;
  /** As in {@link CacheLimits}. */
  readonly minFreeInodes: number;
  /** Size that images need that are being written. */
  readonly reservedSize: number;
  /** Number of these images. */
  readonly reservedImages: number;
  /** Limit that is exceeded most, if the cache is above its high watermark. */
  readonly bindingLimit: LimitName | undefined;
  /** Number of images that all processes evicted in the last minute. */
  readonly evictedPerMinute: number;
  /** Shortest time from the last use of one of these images to its eviction; a short one shows a cache that is too small. */
  readonly youngestVictimAgeMs: number | undefined;
}

/** Limits in bytes and numbers; `Infinity`, or 0 for what is kept free: unlimited. */
export interface ResolvedLimits {
  readonly maxSize: number;
  readonly maxImages: number;
  readonly minFree: number;
  readonly minFreeInodes: number;
}

/** The size of a file system: bytes, and inodes if it counts them. */
export interface FileSystemSize {
  readonly bytes: number;
  readonly inodes?: number;
}

/**
 * Name of a limit, as in {@link CacheLimits}.
 *
 * @since 0.2.0
 */
export type LimitName = 'maxSize' | 'maxImages' | 'minFree' | 'minFreeInodes';

export const limitNames = ['maxSize', 'maxImages', 'minFree', 'minFreeInodes', 'maxInvalidSize'] as const;

/** Glance's `image_cache_max_size`, in bytes. */
export const defaultMaxSize: number = 10 * 1024 ** 3;

/** Part of the limits above which images are evicted in the background. */
export const defaultHighWatermark = 0.97;

const defaultMinFreePart = 0.05;
const largestDefaultMinFree = 1024 ** 3;

/** Checks limits whose unknown names were refused. @throws TypeError and RangeError */
export function assertLimits(limits: CacheLimits, name: string): CacheLimits {
  const { maxSize, maxImages, minFree, minFreeInodes, maxInvalidSize } = limits;
  if (maxSize !== undefined) assertSize(maxSize, `${name}.maxSize`);
  if (maxImages !== undefined) assertCount(maxImages, `${name}.maxImages`);
  if (minFree !== undefined) assertSize(minFree, `${name}.minFree`);
  if (minFreeInodes !== undefined) assertCount(minFreeInodes, `${name}.minFreeInodes`);
  if (maxInvalidSize !== undefined) assertCount(maxInvalidSize, `${name}.maxInvalidSize`);
  return limits;
}

/** Returns whether the limits are more than one of `invalid/`. */
export function limitsImages({ maxSize, maxImages, minFree, minFreeInodes }: CacheLimits): boolean {
  return [maxSize, maxImages, minFree, minFreeInodes].some((limit) => limit !== undefined);
}

/** Returns the default limit of `invalid/`, in bytes. */
export function defaultMaxInvalidSize(maxSize: number): number {
  return Math.floor(maxSize / 100);
}

/** Returns the limits as numbers, with defaults for those that are missing. */
export function resolveLimits(limits: CacheLimits, { bytes }: FileSystemSize): ResolvedLimits {
  const { maxSize, maxImages = Number.POSITIVE_INFINITY, minFree, minFreeInodes = 0 } = limits;
  return {
    maxSize: maxSize === undefined ? Math.min(defaultMaxSize, bytes) : toBytes(maxSize, bytes),
    maxImages,
    minFree:
      minFree === undefined
        ? Math.min(largestDefaultMinFree, Math.floor(bytes * defaultMinFreePart))
        : toBytes(minFree, bytes),
    minFreeInodes,
  };
}

/** Returns the strictest of each limit. */
export function strictest(all: readonly ResolvedLimits[]): ResolvedLimits {
  return {
    maxSize: Math.min(...all.map(({ maxSize }) => maxSize)),
    maxImages: Math.min(...all.map(({ maxImages }) => maxImages)),
    minFree: Math.max(0, ...all.map(({ minFree }) => minFree)),
    minFreeInodes: Math.max(0, ...all.map(({ minFreeInodes }) => minFreeInodes)),
  };
}

function toBytes(size: number | string, whole: number): number {
  return typeof size === 'number' ? size : Math.floor((whole * Number.parseFloat(size)) / 100);
}

function assertSize(value: unknown, name: string): void {
  if (typeof value === 'number') {
    assertCount(value, name);
  } else if (typeof value !== 'string') {
    throw invalidType(name, "a number of bytes, or a string such as '80%'", value);
  } else if (!/^\d+(\.\d+)?%$/.test(value)) {
    throw invalidValue(name, "must be a number of bytes, or a part such as '80%'", value);
  } else if (Number.parseFloat(value) > 100) {
    throw outOfRange(name, "at most '100%'", value);
  }
}
