import type { EvictedImage, EvictResult } from '../api/driver.ts';
import { LockTimeoutError, type SystemError } from '../api/errors.ts';
import type { EvictEvent } from '../api/events.ts';
import type { LimitName } from '../api/limits.ts';
import type { SharedEvictOptions } from '../api/shared-driver.ts';
import { locked, retryWhileLocked, retryWhileLockedSync } from '../base/lock-retry.ts';
import { pickOptions } from '../base/pick-options.ts';
import { assertSignal, invalidType } from '../base/validate.ts';
import { type NativeEvicted, type NativeEviction, native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';
import { appendEvictedImages } from './listing.ts';

/** Number of images that are removed in one call in the thread pool, which is then free for other work. */
const imagesPerStep = 64;

/** Time for which an eviction waits for a step of another. Milliseconds. */
const evictionLockTimeoutMs = 60_000;

export interface RunOptions {
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly reason: EvictEvent['reason'];
  /** The limit that caused the eviction. */
  readonly limit?: LimitName;
  /** Called after each step. */
  readonly onStep?: () => void;
}

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
  const eviction = await native.beginEvictionAsync(context.directory, targetSize, dryRun);
  return runEviction(context, eviction, { dryRun, signal, reason });
}

/** Removes the victims of an eviction that was begun, and releases it. */
export async function runEviction(
  context: DriverContext,
  eviction: NativeEviction,
  { dryRun = false, signal, reason, limit, onStep = () => {} }: RunOptions,
): Promise<EvictResult> {
  const victims = new Victims(context, { dryRun, reason, limit });
  try {
    for (let { done } = eviction; !done; ) {
      signal?.throwIfAborted();
      const attempt = async () => (await native.evictAsync(eviction.handle, imagesPerStep)) ?? locked;
      const step = await retryWhileLocked(attempt, evictionLockTimeoutMs, signal);
      if (step === locked) throw evictingForTooLong();
      victims.add(step);
      onStep();
      done = step.done;
    }
  } finally {
    await native.releaseAsync(eviction.handle);
  }
  return victims.end();
}

/** The synchronous form of {@link runEviction}. */
export function runEvictionSync(
  context: DriverContext,
  eviction: NativeEviction,
  { reason, limit }: Pick<RunOptions, 'reason' | 'limit'>,
): EvictResult {
  const victims = new Victims(context, { dryRun: false, reason, limit });
  try {
    for (let { done } = eviction; !done; ) {
      const attempt = () => native.evictSync(eviction.handle, imagesPerStep) ?? locked;
      const step = retryWhileLockedSync(attempt, context.options.lockTimeoutMs);
      if (step === locked) throw evictingForTooLong();
      victims.add(step);
      done = step.done;
    }
  } finally {
    native.releaseSync(eviction.handle);
  }
  return victims.end();
}

interface Cause {
  readonly dryRun: boolean;
  readonly reason: EvictEvent['reason'];
  readonly limit: LimitName | undefined;
}

/** Collects the victims of the steps, and reports them. */
class Victims {
  readonly #context: DriverContext;
  readonly #cause: Cause;
  readonly #images: EvictedImage[] = [];
  #problem: SystemError | undefined;

  constructor(context: DriverContext, cause: Cause) {
    this.#context = context;
    this.#cause = cause;
  }

  add({ columns, problem }: NativeEvicted): void {
    const first = this.#images.length;
    appendEvictedImages(this.#images, columns);
    const { dryRun, reason, limit } = this.#cause;
    // Emitted for each step, so that a listener that adds up hits misses none of an aborted eviction.
    if (!dryRun) this.#context.report.evicted(this.#images.slice(first), reason, limit);
    this.#problem ??= problem;
  }

  end(): EvictResult {
    const images = this.#images;
    if (this.#problem) {
      // Evicted images must be reported, so a problem is an error only if no image was evicted.
      if (images.length === 0) throw this.#problem;
      this.#context.options.logger?.warn({ err: this.#problem }, 'some images could not be evicted');
    }
    const bytesEvicted = images.reduce((sum, image) => sum + image.size, 0);
    return { filesEvicted: images.length, bytesEvicted, images };
  }
}

function evictingForTooLong(): LockTimeoutError {
  return new LockTimeoutError('another process has been evicting for too long');
}
