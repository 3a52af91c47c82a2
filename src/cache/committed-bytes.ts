import type { CacheDriver } from '../api/driver.ts';
import { isSharedDriver, type SharedDriver } from '../api/shared-driver.ts';

/** A moment in the count. */
export interface CommittedMark {
  readonly here: number;
  readonly everywhere: number;
}

/**
 * How many bytes have been committed: through this cache, and through all caches that share its directory.
 *
 * The driver counts the latter, so that several processes that write can keep one limit without walking the cache for each
 * image. It is a hint: where it cannot be written, or was removed, the bytes that were committed here still count.
 */
export class CommittedBytes {
  readonly #driver: SharedDriver | undefined;
  #here = 0;
  #everywhere = 0;
  /** What the others could not be told yet. */
  #untold = 0;

  /** Of a driver that is no {@link SharedDriver}, only the bytes that are committed here are known. */
  constructor(driver: CacheDriver) {
    this.#driver = isSharedDriver(driver) ? driver : undefined;
  }

  /** Never fails. */
  async add(size: number): Promise<void> {
    this.#here += size;
    if (this.#driver === undefined) return;
    const news = this.#untold + size;
    this.#untold = 0;
    try {
      this.#everywhere = await this.#driver.addCommitted(news);
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
