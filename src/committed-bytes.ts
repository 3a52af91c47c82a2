import { mkdir } from 'node:fs/promises';

import { ImageNotFoundError } from './errors.ts';
import { incXattr } from './xattr.ts';

/** `user.` is added. */
const key = 'xattr_cache.committed';

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
 * The latter stands in an attribute of a directory, so that several processes that write can keep one limit without
 * walking the cache for each image. It is a hint: where it cannot be written, or somebody has removed it, what was
 * committed here still counts.
 */
export class CommittedBytes {
  readonly #directory: string | undefined;
  #here = 0;
  #everywhere = 0;
  /** What the others could not be told yet. */
  #untold = 0;

  /** Without a directory, only what is committed here is known. */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /** Never fails. */
  async add(size: number): Promise<void> {
    this.#here += size;
    if (this.#directory === undefined) return;
    const news = this.#untold + size;
    this.#untold = 0;
    try {
      this.#everywhere = await addOnDisk(this.#directory, news);
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

async function addOnDisk(directory: string, size: number): Promise<number> {
  try {
    return await incXattr(directory, key, size, { lockTimeoutMs });
  } catch (error) {
    if (!(error instanceof ImageNotFoundError)) throw error;
    await mkdir(directory, { recursive: true });
    return await incXattr(directory, key, size, { lockTimeoutMs });
  }
}
