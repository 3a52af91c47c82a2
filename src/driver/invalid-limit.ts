import type { Logger } from '../api/logger.ts';
import { type Handle, type InvalidTotals, native } from '../native/native.ts';

/** Operators look through failed writes, so their number is limited, too. */
const maxFiles = 1000;

/**
 * A process walks the directory again after it has added this part of a limit, since others may add as much meanwhile.
 */
const stride = 0.05;

/**
 * Keeps `invalid/` within its limits of `maxSize` bytes and 1,000 files. The oldest files go first.
 *
 * A process walks the directory at its first failed write. It walks again when the bytes that it has added since may
 * have used up the free space, or are a twentieth of a limit. So each process exceeds a limit by at most a twentieth.
 */
export class InvalidLimit {
  /** Bytes. A larger failed write keeps only its reason. */
  readonly maxSize: number;
  readonly #logger: Logger | undefined;
  #filesLeft = 0;
  #bytesLeft = 0;

  constructor(maxSize: number, logger: Logger | undefined) {
    this.maxSize = maxSize;
    this.#logger = logger;
  }

  /** Notes a failed write of `size` bytes, and trims the directory if that is due. Never fails. */
  async added(directory: Handle, size: number): Promise<void> {
    if (!this.#isDue(size)) return;
    try {
      this.#noteTotals(await native.trimInvalidAsync(directory, maxFiles, this.maxSize));
    } catch (error) {
      this.#report(error);
    }
  }

  /** The synchronous form of {@link added}. */
  addedSync(directory: Handle, size: number): void {
    if (!this.#isDue(size)) return;
    try {
      this.#noteTotals(native.trimInvalidSync(directory, maxFiles, this.maxSize));
    } catch (error) {
      this.#report(error);
    }
  }

  #isDue(size: number): boolean {
    this.#filesLeft -= 1;
    if (size <= this.maxSize) this.#bytesLeft -= size;
    return this.#filesLeft < 0 || this.#bytesLeft < 0;
  }

  #noteTotals({ files, size }: InvalidTotals): void {
    this.#filesLeft = Math.min(maxFiles - files, maxFiles * stride);
    this.#bytesLeft = Math.min(this.maxSize - size, this.maxSize * stride);
  }

  #report(error: unknown): void {
    this.#logger?.warn({ err: error }, 'invalid/ could not be kept within its limit');
  }
}
