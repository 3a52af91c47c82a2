import type { XattrDriver } from 'xattr-cache';
import { pause } from './waiting.ts';

const intervalMs = 10;

/**
 * Measures the size of a cache repeatedly, from outside of the processes that use it.
 *
 * A walk that lasts may see an image that is evicted later, and another that comes into its place. So the size is that
 * of the images that two successive walks have seen: all of these existed between the two.
 */
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
    let seenBefore = new Set<string>();
    while (!this.#stopping.signal.aborted) {
      const images = await driver.getCachedImages();
      const seen = images.map((image): [string, number] => [`${image.imageId} ${image.lastModifiedMs}`, image.size]);
      const lasting = seen.filter(([name]) => seenBefore.has(name));
      this.latestSize = lasting.reduce((sum, [, size]) => sum + size, 0);
      seenBefore = new Set(seen.map(([name]) => name));
      this.largestSize = Math.max(this.largestSize, this.latestSize);
      this.looks += 1;
      await pause(intervalMs, this.#stopping.signal);
    }
  }
}
