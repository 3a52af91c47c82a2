import type { XattrDriver } from 'xattr-cache';
import { pause } from './waiting.ts';

const intervalMs = 10;

/** Measures the size of a cache repeatedly, from outside of the processes that use it. */
export class SizeObserver {
  readonly #stopping = new AbortController();
  readonly #watching: Promise<void>;
  /** Bytes. */
  largestSize = 0;
  latestSize = 0;
  looks = 0;

  constructor(driver: XattrDriver) {
    this.#watching = this.#watch(driver);
    this.#watching.catch(() => {}); // The caller of stop() gets the error.
  }

  /** @throws the error that ended the measurements */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
  }

  async #watch(driver: XattrDriver): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.latestSize = await driver.getCacheSize();
      this.largestSize = Math.max(this.largestSize, this.latestSize);
      this.looks += 1;
      await pause(intervalMs, this.#stopping.signal);
    }
  }
}
