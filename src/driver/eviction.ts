import type { EvictedImage, EvictResult } from '../api/driver.ts';
import { LockTimeoutError, type SystemError } from '../api/errors.ts';
import type { SharedEvictOptions } from '../api/shared-driver.ts';
import { locked, retryWhileLocked } from '../base/lock-retry.ts';
import { pickOptions } from '../base/pick-options.ts';
import { assertSignal, invalidType } from '../base/validate.ts';
import { native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';
import { appendEvictedImages } from './listing.ts';

/** Number of images that are removed in one call in the thread pool, which is then free for other work. */
const imagesPerStep = 64;

/** Time for which an eviction waits for another. Milliseconds. */
const evictionLockTimeoutMs = 60_000;

/** @throws TypeError */
export function assertEvictOptions(options: SharedEvictOptions): SharedEvictOptions {
  const picked = pickOptions(options, ['dryRun', 'signal', 'reason']);
  const { dryRun, signal } = picked;
  if (dryRun !== undefined && typeof dryRun !== 'boolean')
    throw invalidType('options.dryRun', 'of type boolean', dryRun);
  assertSignal(signal, 'options.signal');
  return picked;
}

/** Walks the images once, selects the LRU victims that free enough, and removes them in steps. */
export async function evictImages(
  context: DriverContext,
  targetSize: number,
  { dryRun = false, signal, reason = 'evict' }: SharedEvictOptions,
): Promise<EvictResult> {
  signal?.throwIfAborted();
  const begin = async () => (await native.beginEvictionAsync(context.directory, targetSize, dryRun)) ?? locked;
  const eviction = await retryWhileLocked(begin, evictionLockTimeoutMs, signal);
  if (eviction === locked) throw new LockTimeoutError('another process has been evicting for too long');

  const images: EvictedImage[] = [];
  let problem: SystemError | undefined;
  try {
    for (let { done } = eviction; !done; ) {
      signal?.throwIfAborted();
      const step = await native.evictAsync(eviction.handle, imagesPerStep);
      const first = images.length;
      appendEvictedImages(images, step.columns);
      // Emitted for each step, so that a listener that adds up hits misses none of an aborted eviction.
      if (!dryRun) context.report.evicted(images.slice(first), reason);
      problem ??= step.problem;
      done = step.done;
    }
  } finally {
    await native.releaseAsync(eviction.handle);
  }

  if (problem) {
    // Evicted images must be reported, so a problem is an error only if no image was evicted.
    if (images.length === 0) throw problem;
    context.options.logger?.warn({ err: problem }, 'some images could not be evicted');
  }
  const bytesEvicted = images.reduce((sum, image) => sum + image.size, 0);
  return { filesEvicted: images.length, bytesEvicted, images };
}
