import type { CachedImage } from './driver.ts';

/**
 * Returns the last use of an image in milliseconds since the epoch: its last access, or its commit if that is later. A
 * time in the future does not count. An eviction removes the image with the earliest last use first.
 *
 * @param nowMs - milliseconds since the epoch. Default: the current time
 *
 * @since 0.1.0
 *
 * @example
 * const images = await driver.getCachedImages();
 * images.sort((a, b) => lastUseMs(a) - lastUseMs(b)); // the next victim of an eviction comes first
 */
export function lastUseMs({ lastAccessedMs, lastModifiedMs }: CachedImage, nowMs: number = Date.now()): number {
  // An access in the future is not listed: see `native/posix/file_times.h`.
  return lastModifiedMs > nowMs ? lastAccessedMs : Math.max(lastAccessedMs, lastModifiedMs);
}

/**
 * Returns a file's time, or the current time if that is earlier: publications after a checkpoint of a clock that was ahead
 * have times in the future. Both are milliseconds since the epoch; the current one has no fraction.
 */
export function notBeyond(nowMs: number, timeMs: number): number {
  return timeMs >= nowMs + 1 ? nowMs : timeMs;
}
