import { execFile } from 'node:child_process';
import { mkdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { XattrDriver } from '../../dist/index.js';

const run = promisify(execFile);

/** Size of each image. */
export const imageBytes = 100;

/** Returns the names of the `count` images that were accessed first, as floor/ranks.h has them. */
export function coldestNames(entries, count) {
  const coldest = Array.from({ length: entries }, (_, index) => index).filter(
    (index) => (index * 7919) % entries < count,
  );
  return coldest.map((index) => `image-${String(index).padStart(8, '0')}`);
}

/** Caches of many tiny images (floor/fill.c), each made once and used by all who ask for as many. */
export class FilledDirectories {
  #parent;
  #floor;
  #signal;
  #directories = new Map();

  constructor(parent, floor, signal) {
    this.#parent = parent;
    this.#floor = floor;
    this.#signal = signal;
  }

  async of(entries) {
    const known = this.#directories.get(entries);
    if (known) return known;
    const dir = join(this.#parent, `filled-${entries}`);
    const driver = await XattrDriver.open({ dir });
    await driver.close();
    await this.#fill(dir, entries, entries);
    this.#directories.set(entries, dir);
    return dir;
  }

  /** Puts the `victims` coldest back. */
  async refill(entries, victims) {
    await this.#fill(this.#directories.get(entries), entries, victims);
  }

  /** Makes the directory the invalid/ of a new cache, and answers that; making as many files again would take a minute. */
  async asInvalid(entries) {
    const filled = await this.of(entries);
    this.#directories.delete(entries);
    for (const part of ['incomplete', 'invalid', 'queue']) rmdirSync(join(filled, part));
    await run('rm', ['-rf', join(filled, '.xattr-cache')]);
    const dir = join(this.#parent, `invalid-${entries}`);
    for (const part of ['incomplete', 'queue']) mkdirSync(join(dir, part), { recursive: true });
    renameSync(filled, join(dir, 'invalid'));
    return dir;
  }

  async #fill(dir, entries, toRank) {
    if (this.#floor.missing) throw new Error(`a directory of ${entries} images cannot be made: ${this.#floor.missing}`);
    await run(this.#floor.program('fill'), [dir, entries, 0, toRank].map(String), { signal: this.#signal });
  }
}
