import type { CacheDriver } from '../api/driver.ts';
import { publish } from '../api/events.ts';
import type { Logger } from '../api/logger.ts';
import { untilAborted } from '../base/on-abort.ts';
import { clearTimeout, setTimeout } from '../base/timers.ts';
import { CommittedBytes, type CommittedMark } from './committed-bytes.ts';
import { evictFor } from './evict-for.ts';

/**
 * Minimum of committed bytes between two walks, as a part of the limit. So a full cache is not walked for each image.
 */
const smallestStride = 0.01;

/** Time for which closing waits for a prune, which may be waiting for another process. Milliseconds. */
const closeTimeoutMs = 5_000;

export interface AutoPruneOptions {
  readonly driver: CacheDriver;
  /** Empty for a driver without a directory. */
  readonly dir: string;
  /** Bytes. */
  readonly maxSize: number;
  /** Bytes to which an eviction reduces the cache. */
  readonly target: number;
  readonly logger: Logger | undefined;
}

/**
 * Keeps a cache within its limit while images are committed.
 *
 * The size is that of the last walk plus the bytes committed since, here and through the caches of other processes.
 * Foreign writers, for example Glance, may write as well. So the cache is walked again when the limit seems to be
 * exceeded, and also when half of the free space that the last walk found has been used.
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
   * Waits for a running prune, so that writers cannot outrun it.
   *
   * @throws the reason of a signal that is aborted before its end
   */
  async waitForSpace(...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
    if (this.#running) await untilAborted(this.#running, ...signals);
  }

  /** Counts the bytes of a committed image. If a prune is due, begins it, and does not wait for it. */
  async committed(size: number): Promise<void> {
    await this.#committed.add(size);
    this.#beginIfDue();
  }

  /** Returns a mark for {@link walked}. To be taken before the walk, which may or may not see concurrent commits. */
  mark(): CommittedMark {
    return this.#committed.mark();
  }

  /** Notes the size that a walk has found. */
  walked(size: number, mark: CommittedMark): void {
    const freeSpace = this.#options.maxSize - size;
    this.#lastWalk = mark;
    this.#dueAfter = Math.max(1, Math.min(freeSpace + 1, Math.max(freeSpace / 2, this.#leastBetweenWalks)));
  }

  /** Begins no prune any more, and waits for a running one. */
  async close(): Promise<void> {
    this.#open = false;
    const timer = setTimeout(() => this.#stop.abort(), closeTimeoutMs);
    await this.#running;
    clearTimeout(timer);
  }

  get #due(): boolean {
    return this.#committed.since(this.#lastWalk) >= this.#dueAfter;
  }

  #beginIfDue(): void {
    if (!this.#open || this.#running || !this.#due) return;
    this.#running = this.#prune().finally(() => {
      this.#running = undefined;
      this.#beginIfDue(); // A commit may have come after the last check.
    });
  }

  /** Never fails: the commit that led here has succeeded. */
  async #prune(): Promise<void> {
    try {
      do await this.#walkAndEvict();
      while (this.#due); // Also during a close, which must not leave earlier commits above the limit.
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
    // The evicted images may include commits of other processes between the two walks.
    this.walked(Math.max(size - bytesEvicted, target), mark);
    // Images in use stay. An immediate retry would find them in use again.
    if (size - bytesEvicted > maxSize) this.#waitForMore();
  }

  /** Makes the next prune due after another stride. */
  #waitForMore(): void {
    this.#lastWalk = this.#committed.mark();
    this.#dueAfter = this.#leastBetweenWalks;
  }

  #report(error: unknown): void {
    this.#options.logger?.error({ err: error }, 'could not prune the cache');
    publish('error', () => ({ dir: this.#options.dir, imageId: undefined, operation: 'auto-prune', error }));
  }
}
