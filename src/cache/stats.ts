import type { CacheDriver } from '../api/driver.ts';
import type { CheckpointState } from '../api/durability.ts';
import { lastUseMs } from '../api/recency.ts';

/**
 * The contents of a cache. Sizes are in bytes, times in milliseconds since the epoch.
 *
 * @since 0.1.0
 */
export interface CacheStats {
  /** The cache directory; empty for a driver without one. */
  readonly dir: string;
  /** Number of cached images. */
  readonly images: number;
  /** Sum of their sizes. */
  readonly size: number;
  /** Sum of their sizes on disk. */
  readonly allocatedSize: number;
  /** Limit of the cache. */
  readonly maxSize: number;
  /** Sum of the hits of all cached images. */
  readonly hits: number;
  /** Number of images that are being written, or were when their writer died. */
  readonly incomplete: number;
  /** Number of failed writes in `invalid/`. */
  readonly invalid: number;
  /** Number of queued images. */
  readonly queued: number;
  /** Recency of the LRU victim; undefined if there are no images. */
  readonly oldestAccessMs: number | undefined;
  /** Recency of the image that was used last; undefined if there are no images. */
  readonly newestAccessMs: number | undefined;
  /** Bytes that this user may still write on the file system. */
  readonly freeBytes: number;
  /** Inodes that are free; `Infinity` if the file system does not count them. */
  readonly freeInodes: number;
  /** How far the cache is on disk; only over an {@link XattrDriver}. */
  readonly checkpoint?: CheckpointState;
}

/** Measures a cache by one walk over its images. The commit counts as the first access, as for an eviction. */
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
