import type { EvictedImage, EvictResult } from '../api/driver.ts';
import { LockTimeoutError, type SystemError } from '../api/errors.ts';
import type { SharedEvictOptions } from '../api/shared-driver.ts';
import { locked, retryWhileLocked } from '../base/lock-retry.ts';
import { pickOptions } from '../base/pick-options.ts';
import { assertSignal, invalidType } from '../base/validate.ts';
import { native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';
import { appendEvictedImages } from './listing.ts';

/** Images that are removed in one visit to the thread pool, which is then free for others. */
const imagesPerStep = 64;

/** How long one eviction waits for another. Milliseconds. */
const patienceMs = 60_000;

/** @throws TypeError */
export function assertEvictOptions(options: SharedEvictOptions): SharedEvictOptions {
  const picked = pickOptions(options, ['dryRun', 'signal', 'reason']);
  const { dryRun, signal } = picked;
  if (dryRun !== undefined && typeof dryRun !== 'boolean')
    throw invalidType('options.dryRun', 'of type boolean', dryRun);
  assertSignal(signal, 'options.signal');
  return picked;
}

/** One walk, a selection of the coldest that free enough, and their removal in steps. */
export async function evictImages(
  context: DriverContext,
  targetSize: number,
  { dryRun = false, signal, reason = 'evict' }: SharedEvictOptions,
): Promise<EvictResult> {
  signal?.throwIfAborted();
  const begin = async () => (await native.beginEvictionAsync(context.directory, targetSize, dryRun)) ?? locked;
  const eviction = await retryWhileLocked(begin, patienceMs, signal);
  if (eviction === locked) throw new LockTimeoutError('another process has been evicting for too long');

  const images: EvictedImage[] = [];
  let problem: SystemError | undefined;
  try {
    for (let { done } = eviction; !done; ) {
      signal?.throwIfAborted();
      const step = await native.evictAsync(eviction.handle, imagesPerStep);
      const first = images.length;
      appendEvictedImages(images, step.columns);
      // As they go: the hits of an eviction that is aborted are not lost to a listener that adds them up.
      if (!dryRun) context.report.evicted(images.slice(first), reason);
      problem ??= step.problem;
      done = step.done;
    }
  } finally {
    await native.releaseAsync(eviction.handle);
  }

  if (problem) {
    // What did go has to be reported; what did not is an error only if nothing went.
    if (images.length === 0) throw problem;
    context.options.logger?.warn({ err: problem }, 'some images could not be evicted');
  }
  const bytesEvicted = images.reduce((sum, image) => sum + image.size, 0);
  return { filesEvicted: images.length, bytesEvicted, images };
}
