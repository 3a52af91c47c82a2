import type { XattrDriver } from 'xattr-cache';
import { pause } from './waiting.ts';

const intervalMs = 10;

/** Looks at the size of a cache again and again, from outside, whatever the cache's users believe it to be. */
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

  /** @throws what kept it from looking. */
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
