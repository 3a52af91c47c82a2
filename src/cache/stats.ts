import type { CacheDriver } from '../api/driver.ts';
import { lastUseMs } from '../api/recency.ts';

/** What a cache holds. Sizes are bytes, times milliseconds since the epoch. */
export interface CacheStats {
  /** Empty for a driver that has no directory. */
  readonly dir: string;
  /** How many are cached. */
  readonly images: number;
  /** The sum of their sizes. */
  readonly size: number;
  /** The same on disk. */
  readonly allocatedSize: number;
  /** The cache's limit. */
  readonly maxSize: number;
  /** Of all images that are cached now. */
  readonly hits: number;
  /** Images that are being written, or were when their writer died. */
  readonly incomplete: number;
  /** Failed writes, kept for debugging. */
  readonly invalid: number;
  /** Images that are asked for. */
  readonly queued: number;
  /** When the image that goes next was used last; undefined if there are no images. */
  readonly oldestAccessMs: number | undefined;
  /** When any image was used last; undefined if there are no images. */
  readonly newestAccessMs: number | undefined;
  /** What this user may still write on the file system. */
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
      const accessMs = lastUseMs(image);
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
