import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import type { SourceFile } from './source-files.ts';

/** The result of a comparison of served bytes with their source. */
export interface Compared {
  /** Bytes that were served. */
  readonly bytes: number;
  /** Bytes that differ, are missing, or too many. */
  readonly wrongBytes: number;
  readonly firstWrongAt: number | undefined;
}

/**
 * Compares the bytes that a cache serves with their source file, chunk by chunk. It trusts nothing that the cache
 * reports.
 */
export class Comparison {
  readonly #source: SourceFile;
  readonly #fd: number;
  readonly #expected: Buffer;
  #position = 0;
  #wrongBytes = 0;
  #firstWrongAt: number | undefined;

  /** `scratch` must be as long as the longest chunk, and is overwritten. */
  constructor(source: SourceFile, scratch: Buffer) {
    this.#source = source;
    this.#expected = scratch;
    this.#fd = openSync(source.path, 'r');
  }

  /** The position of the next chunk. */
  get position(): number {
    return this.#position;
  }

  /** Compares the next served chunk. */
  add(chunk: Uint8Array): void {
    const length = readFully(this.#fd, this.#expected, chunk.length, this.#position);
    const expected = this.#expected.subarray(0, length);
    if (expected.compare(chunk) !== 0) this.#countWrong(chunk, expected);
    this.#position += chunk.length;
  }

  /** Ends the comparison after the last chunk. @throws if the source has changed, which makes it void */
  result(): Compared {
    const missing = Math.max(0, this.#source.size - this.#position);
    if (missing > 0) this.#firstWrongAt ??= this.#position;
    const wrongBytes = this.#wrongBytes + missing;
    if (wrongBytes > 0) this.#assertSourceUnchanged();
    return { bytes: this.#position, wrongBytes, firstWrongAt: this.#firstWrongAt };
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #countWrong(chunk: Uint8Array, expected: Uint8Array): void {
    for (let index = 0; index < chunk.length; index++) {
      if (chunk[index] === expected[index]) continue;
      this.#wrongBytes += 1;
      this.#firstWrongAt ??= this.#position + index;
    }
  }

  #assertSourceUnchanged(): void {
    const { size, mtimeMs } = fstatSync(this.#fd);
    if (size === this.#source.size && mtimeMs === this.#source.lastModifiedMs) return;
    throw new Error(`${this.#source.path} was changed while the demo ran, so nothing can be held against it`);
  }
}

/** Fills `buffer[0, length)` from `position`, and returns the bytes read, fewer only at the end of the file. */
export function readFully(fd: number, buffer: Uint8Array, length: number, position: number): number {
  let filled = 0;
  while (filled < length) {
    const bytesRead = readSync(fd, buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
