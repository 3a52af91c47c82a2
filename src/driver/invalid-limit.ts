import type { Logger } from '../api/logger.ts';
import { type Handle, type InvalidTotals, native } from '../native/native.ts';

/** Whatever their size, failed writes are looked through by operators. */
const maxFiles = 1000;

/** A process looks again after it has added this part of a limit, since others may add as much meanwhile. */
const stride = 0.05;

/**
 * Keeps `invalid/` within its limits: at most so many bytes, and at most 1,000 files; the oldest go first.
 *
 * The directory is walked by a process's first failed write, and then when what it has added since the last walk may have
 * used up the room, or is a twentieth of a limit. So several processes together exceed a limit by a twentieth each at most.
 */
export class InvalidLimit {
  /** Bytes. A failed write that is larger keeps its reason only. */
  readonly maxSize: number;
  readonly #logger: Logger | undefined;
  #filesLeft = 0;
  #bytesLeft = 0;

  constructor(maxSize: number, logger: Logger | undefined) {
    this.maxSize = maxSize;
    this.#logger = logger;
  }

  /** A failed write of so many bytes was put there. Never fails. */
  async added(directory: Handle, size: number): Promise<void> {
    if (!this.#isDue(size)) return;
    try {
      this.#looked(await native.trimInvalidAsync(directory, maxFiles, this.maxSize));
    } catch (error) {
      this.#report(error);
    }
  }

  /** The synchronous form of {@link added}. */
  addedSync(directory: Handle, size: number): void {
    if (!this.#isDue(size)) return;
    try {
      this.#looked(native.trimInvalidSync(directory, maxFiles, this.maxSize));
    } catch (error) {
      this.#report(error);
    }
  }

  #isDue(size: number): boolean {
    this.#filesLeft -= 1;
    if (size <= this.maxSize) this.#bytesLeft -= size;
    return this.#filesLeft < 0 || this.#bytesLeft < 0;
  }

  #looked({ files, size }: InvalidTotals): void {
    this.#filesLeft = Math.min(maxFiles - files, maxFiles * stride);
    this.#bytesLeft = Math.min(this.maxSize - size, this.maxSize * stride);
  }

  #report(error: unknown): void {
    this.#logger?.warn({ err: error }, 'invalid/ could not be kept within its limit');
  }
}
