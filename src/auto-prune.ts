import type { CacheDriver } from './driver.ts';
import { publish } from './events.ts';
import { type EvictOptionsWithReason, evictionReason } from './eviction.ts';
import type { Logger } from './logger.ts';

/** The least that is committed between two walks, as a part of the limit: a full cache is not walked for each image. */
const smallestStride = 0.01;

export interface AutoPruneOptions {
  readonly driver: CacheDriver;
  readonly dir: string;
  /** Bytes. */
  readonly maxSize: number;
  /** Bytes: what to evict down to. */
  readonly target: number;
  readonly logger: Logger | undefined;
}

/**
 * Keeps a cache within its limit while images are committed.
 *
 * The size is known from the last walk, plus what was committed here since. Other processes' commits are noticed at the
 * next walk, so that one is made not only when the estimate passes the limit, but also when half of the room that the
 * last walk found has been used up here.
 */
export class AutoPrune {
  readonly #options: AutoPruneOptions;
  #walkedSize: number | undefined;
  #committedSince = 0;
  #stride = 0;
  #running: Promise<void> | undefined;

  constructor(options: AutoPruneOptions) {
    this.#options = options;
  }

  /** Resolves when there is room to write: writers wait for a prune that is under way, so that they cannot outrun it. */
  async room(): Promise<void> {
    await this.#running;
  }

  /** An image of so many bytes was committed. */
  committed(size: number): void {
    this.#committedSince += size;
    this.#runIfDue();
  }

  /** A walk has found the cache to be of this size. */
  walked(size: number): void {
    this.#walkedSize = size;
    this.#committedSince = 0;
    this.#stride = Math.max((this.#options.maxSize - size) / 2, this.#options.maxSize * smallestStride);
  }

  get #due(): boolean {
    if (this.#walkedSize === undefined || this.#committedSince >= this.#stride) return true;
    return this.#walkedSize + this.#committedSince > this.#options.maxSize;
  }

  #runIfDue(): void {
    if (this.#running || !this.#due) return;
    this.#running = this.#prune()
      .catch((error: unknown) => this.#report(error))
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #prune(): Promise<void> {
    const { driver, maxSize, target } = this.#options;
    do {
      const before = this.#committedSince;
      let size = await driver.getCacheSize();
      if (size > maxSize) {
        const options: EvictOptionsWithReason = { [evictionReason]: 'auto-prune' };
        await driver.evictTo(target, options);
        size = target;
      }
      // What was committed during the walk may or may not have been seen; it is counted to be safe.
      const during = this.#committedSince - before;
      this.walked(size);
      this.#committedSince = during;
    } while ((this.#walkedSize as number) + this.#committedSince > maxSize);
  }

  /** The commit that led here has succeeded; the next one tries again, a stride later. */
  #report(error: unknown): void {
    this.walked(0);
    this.#stride = this.#options.maxSize * smallestStride;
    this.#options.logger?.error({ err: error }, 'could not prune the cache');
    publish('error', () => ({ dir: this.#options.dir, imageId: undefined, operation: 'auto-prune', error }));
  }
}
