import type { CachedImage } from './driver.ts';

/**
 * Returns when an image was last of use, in milliseconds since the epoch: eviction removes the image with the earliest first.
 * That is its last access, or its commit if that is later. A time in the future does not count.
 *
 * @param nowMs - milliseconds since the epoch. Default: now
 *
 * @example
 * const images = await driver.getCachedImages();
 * images.sort((a, b) => lastUseMs(a) - lastUseMs(b)); // the next to be evicted comes first
 */
export function lastUseMs({ lastAccessedMs, lastModifiedMs }: CachedImage, nowMs: number = Date.now()): number {
  // An access in the future is not listed: see `native/posix/file_times.h`.
  return lastModifiedMs > nowMs ? lastAccessedMs : Math.max(lastAccessedMs, lastModifiedMs);
}
