import type { CacheDriver } from './driver.ts';

/** What a cache holds. Sizes are bytes, times milliseconds since the epoch. */
export interface CacheStats {
  /** Empty for a driver that has no directory. */
  readonly dir: string;
  readonly images: number;
  readonly size: number;
  /** On disk. */
  readonly allocatedSize: number;
  readonly maxSize: number;
  /** Of all images that are cached now. */
  readonly hits: number;
  readonly incomplete: number;
  readonly invalid: number;
  readonly queued: number;
  /** Undefined if there are no images, as is the next. */
  readonly oldestAccessMs: number | undefined;
  readonly newestAccessMs: number | undefined;
  readonly freeBytes: number;
  /** `Infinity` where the file system does not count inodes. */
  readonly freeInodes: number;
}

/** Sums up a cache by one walk over its images. An access counts from the commit on, as for eviction. */
export async function measureCache(driver: CacheDriver, dir: string, maxSize: number): Promise<CacheStats> {
  const sums = { images: 0, size: 0, allocatedSize: 0, hits: 0 };
  let oldestAccessMs: number | undefined;
  let newestAccessMs: number | undefined;
  for await (const batch of driver.cachedImages()) {
    for (const image of batch) {
      const accessMs = Math.max(image.lastAccessedMs, image.lastModifiedMs);
      sums.images += 1;
      sums.size += image.size;
      sums.allocatedSize += image.allocatedSize;
      sums.hits += image.hits;
      oldestAccessMs = Math.min(oldestAccessMs ?? accessMs, accessMs);
      newestAccessMs = Math.max(newestAccessMs ?? accessMs, accessMs);
    }
  }
  return { dir, maxSize, ...sums, oldestAccessMs, newestAccessMs, ...(await driver.getUsage()) };
}
