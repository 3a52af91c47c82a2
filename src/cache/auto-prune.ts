import type { CacheDriver } from '../api/driver.ts';
import { publish } from '../api/events.ts';
import type { Logger } from '../api/logger.ts';
import { untilAborted } from '../base/on-abort.ts';
import { clearTimeout, setTimeout } from '../base/timers.ts';
import { CommittedBytes, type CommittedMark } from './committed-bytes.ts';
import { evictFor } from './evict-for.ts';

/** The least that is committed between two walks, as a part of the limit: a full cache is not walked for each image. */
const smallestStride = 0.01;

/** How long closing waits for a prune, which may be waiting for another process. Milliseconds. */
const closingPatienceMs = 5_000;

export interface AutoPruneOptions {
  readonly driver: CacheDriver;
  /** Empty for a driver that has none. */
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
 * The size is known from the last walk, plus what was committed since, here and through the caches of other processes.
 * Others may write as well, Glance for one, so that it is walked again not only when the limit seems to be passed, but
 * also when half of the room that the last walk found has been used up.
 */
export class AutoPrune {
  readonly #options: AutoPruneOptions;
  readonly #leastBetweenWalks: number;
  readonly #committed: CommittedBytes;
  #lastWalk: CommittedMark;
  /** Bytes committed since the last walk that make the next one due. */
  #dueAfter = 0;
  #running: Promise<void> | undefined;
  #open = true;
  readonly #stop = new AbortController();

  constructor(options: AutoPruneOptions) {
    this.#options = options;
    this.#leastBetweenWalks = Math.max(1, options.maxSize * smallestStride);
    this.#committed = new CommittedBytes(options.driver);
    this.#lastWalk = this.#committed.mark();
  }

  /**
   * Resolves when there is room to write: writers wait for a prune that is under way, so that they cannot outrun it.
   *
   * @throws the reason of the signal that is aborted before
   */
  async room(...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
    if (this.#running) await untilAborted(this.#running, ...signals);
  }

  /** An image of so many bytes was committed. Begins to prune if that is due, and does not wait for it. */
  async committed(size: number): Promise<void> {
    await this.#committed.add(size);
    this.#beginIfDue();
  }

  /** For {@link walked}: taken before the walk, since what is committed meanwhile may or may not be seen by it. */
  mark(): CommittedMark {
    return this.#committed.mark();
  }

  /** A walk has found the cache to be of this size. */
  walked(size: number, mark: CommittedMark): void {
    const room = this.#options.maxSize - size;
    this.#lastWalk = mark;
    this.#dueAfter = Math.max(1, Math.min(room + 1, Math.max(room / 2, this.#leastBetweenWalks)));
  }

  /** Begins nothing any more, and waits for what is under way. */
  async close(): Promise<void> {
    this.#open = false;
    const impatience = setTimeout(() => this.#stop.abort(), closingPatienceMs);
    await this.#running;
    clearTimeout(impatience);
  }

  get #due(): boolean {
    return this.#committed.since(this.#lastWalk) >= this.#dueAfter;
  }

  #beginIfDue(): void {
    if (!this.#open || this.#running || !this.#due) return;
    this.#running = this.#prune().finally(() => {
      this.#running = undefined;
      this.#beginIfDue(); // For a commit between the last look and now.
    });
  }

  /** Never fails: the commit that led here has succeeded. */
  async #prune(): Promise<void> {
    try {
      do await this.#walkAndEvict();
      while (this.#due); // Also when it is being closed: what was committed before is not to be left.
    } catch (error) {
      this.#waitForMore();
      if (!this.#stop.signal.aborted) this.#report(error);
    }
  }

  async #walkAndEvict(): Promise<void> {
    const { driver, maxSize, target } = this.#options;
    const mark = this.#committed.mark();
    const size = await driver.getCacheSize();
    if (size <= maxSize) return this.walked(size, mark);

    const { bytesEvicted } = await evictFor('auto-prune', driver, target, { signal: this.#stop.signal });
    // What others have committed between the two walks may be among what went.
    this.walked(Math.max(size - bytesEvicted, target), mark);
    // Images that are in use stay. Trying again at once would find them so again.
    if (size - bytesEvicted > maxSize) this.#waitForMore();
  }

  /** The next prune is due a stride later. */
  #waitForMore(): void {
    this.#lastWalk = this.#committed.mark();
    this.#dueAfter = this.#leastBetweenWalks;
  }

  #report(error: unknown): void {
    this.#options.logger?.error({ err: error }, 'could not prune the cache');
    publish('error', () => ({ dir: this.#options.dir, imageId: undefined, operation: 'auto-prune', error }));
  }
}
