import { locked, retryWhileLocked } from '../base/lock-retry.ts';
import { now } from '../base/timers.ts';
import type { Handle } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';
import { type HitOutcome, recordHits } from './hit.ts';

interface Waiting {
  readonly deadline: number;
  readonly resolve: (outcome: HitOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Counts the hits of all readers that share one open image. Hits that gather while one is written are written next, as
 * one number. So a lock that another process holds delays each hit by at most `lockTimeoutMs`, not by the sum for all
 * hits before it. Hits are never written concurrently, since a lock does not separate users of one descriptor.
 */
export class GatheredHits {
  readonly #context: DriverContext;
  readonly #image: Handle;
  /** The waiting hits, in the order of their deadlines. */
  #waiting: Waiting[] = [];
  #counting = false;

  constructor(context: DriverContext, image: Handle) {
    this.#context = context;
    this.#image = image;
  }

  count(): Promise<HitOutcome> {
    const deadline = now() + this.#context.options.lockTimeoutMs;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ deadline, resolve, reject });
      if (!this.#counting) void this.#countAll();
    });
  }

  async #countAll(): Promise<void> {
    this.#counting = true;
    while (this.#waiting.length > 0) {
      await retryWhileLocked(() => this.#countGathered(), Number.POSITIVE_INFINITY);
    }
    this.#counting = false;
  }

  /** Writes the gathered hits. Never fails. Resolves to `locked` while hits still wait for the lock. */
  async #countGathered(): Promise<HitOutcome | undefined> {
    const hits = this.#waiting.length;
    try {
      const outcome = await recordHits(this.#context, this.#image, hits);
      if (outcome !== locked) {
        for (const { resolve } of this.#waiting.splice(0, hits)) resolve(outcome);
        return undefined;
      }
    } catch (error) {
      for (const { reject } of this.#waiting.splice(0, hits)) reject(error);
      return undefined;
    }
    const nowMs = now();
    const late = this.#waiting.filter(({ deadline }) => deadline <= nowMs);
    for (const { resolve } of this.#waiting.splice(0, late.length)) resolve(locked);
    return this.#waiting.length > 0 ? locked : undefined;
  }
}
