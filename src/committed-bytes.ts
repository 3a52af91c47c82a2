import type { CacheDriver } from './driver.ts';
import { EngineCalls } from './engine-calls.ts';
import { locked, retryWhileLocked } from './lock-retry.ts';
import { native } from './native.ts';

/** Holding the lock takes microseconds. Milliseconds. */
const lockTimeoutMs = 50;

/** A moment in the count. */
export interface CommittedMark {
  readonly here: number;
  readonly everywhere: number;
}

/**
 * How many bytes have been committed: through this cache, and through all caches that share its directory.
 *
 * The latter stands in an attribute of the cache's own corner, see `native/core/committed.h`, so that several processes that write can keep one limit without
 * walking the cache for each image. It is a hint: where it cannot be written, or somebody has removed it, what was
 * committed here still counts.
 */
export class CommittedBytes {
  readonly #engine: EngineCalls | undefined;
  #here = 0;
  #everywhere = 0;
  /** What the others could not be told yet. */
  #untold = 0;

  /** Of a driver that is not an `XattrDriver`, only what is committed here is known. */
  constructor(driver: CacheDriver) {
    this.#engine = EngineCalls.find(driver);
  }

  /** Never fails. */
  async add(size: number): Promise<void> {
    this.#here += size;
    if (this.#engine === undefined) return;
    const news = this.#untold + size;
    this.#untold = 0;
    try {
      this.#everywhere = await addOnDisk(this.#engine, news);
    } catch {
      this.#untold += news;
    }
  }

  mark(): CommittedMark {
    return { here: this.#here, everywhere: this.#everywhere };
  }

  since({ here, everywhere }: CommittedMark): number {
    return Math.max(this.#here - here, this.#everywhere - everywhere);
  }
}

/** @throws what keeps it from being added, a lock that is held included */
async function addOnDisk(engine: EngineCalls, size: number): Promise<number> {
  return engine.run(async (directory) => {
    const add = async () => (await native.addCommittedAsync(directory, size)) ?? locked;
    const total = await retryWhileLocked(add, lockTimeoutMs);
    if (total === locked) throw new Error('another process holds the lock');
    return total;
  });
}
