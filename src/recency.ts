import type { CachedImage } from './driver.ts';

/**
 * When an image was last of use, as eviction sees it: an image that has not been read yet was last used when it was cached.
 * A time in the future does not count (an access in the future is not listed): see `native/core/file_times.h`.
 */
export function lastUseMs({ lastAccessedMs, lastModifiedMs }: CachedImage, nowMs: number = Date.now()): number {
  return lastModifiedMs > nowMs ? lastAccessedMs : Math.max(lastAccessedMs, lastModifiedMs);
}
