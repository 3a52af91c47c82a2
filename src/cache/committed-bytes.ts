import type { CacheDriver } from '../api/driver.ts';
import { isSharedDriver, type SharedDriver } from '../api/shared-driver.ts';

/** The counts at one moment. */
export interface CommittedMark {
  readonly here: number;
  readonly everywhere: number;
}

/**
 * Counts the bytes committed through this cache, and through all caches that share its directory.
 *
 * The driver keeps the shared count. So several writing processes can keep one limit without a walk for each image. It
 * is a hint: if it cannot be written or was removed, the bytes committed here still count.
 */
export class CommittedBytes {
  readonly #driver: SharedDriver | undefined;
  #here = 0;
  #everywhere = 0;
  /** Bytes that could not be added to the shared count yet. */
  #unshared = 0;

  /** Without a {@link SharedDriver}, only the bytes committed here are known. */
  constructor(driver: CacheDriver) {
    this.#driver = isSharedDriver(driver) ? driver : undefined;
  }

  /** Never fails. */
  async add(size: number): Promise<void> {
    this.#here += size;
    if (this.#driver === undefined) return;
    const added = this.#unshared + size;
    this.#unshared = 0;
    try {
      this.#everywhere = await this.#driver.addCommitted(added);
    } catch {
      this.#unshared += added;
    }
  }

  mark(): CommittedMark {
    return { here: this.#here, everywhere: this.#everywhere };
  }

  since({ here, everywhere }: CommittedMark): number {
    return Math.max(this.#here - here, this.#everywhere - everywhere);
  }
}
