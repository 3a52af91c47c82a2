import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { getXattrSync, XattrDriver } from '../../../dist/index.js';
import { faultOf } from './contents.mjs';

/** Judges the snapshots of one disk, one after the other. */
export class Judge {
  /** Images that a snapshot proved right and on disk for good: an image does not change. */
  #proven = new Set();

  /** Forgets the earlier snapshots, so that every image of the next one is read. */
  forget() {
    this.#proven.clear();
  }

  /**
   * Opens the cache in `dir` as after a reboot, reads every image that the driver serves, and resolves to counts.
   * `doubtful` images are later than the voucher of the snapshot; `wrong` ones have a fault on disk, whether they are
   * served or not.
   */
  async judge(dir) {
    const images = imagesIn(dir);
    const untilNs = vouchedUntil(dir);
    const doubtful = images.filter((image) => image.changedNs > untilNs);
    const faults = new Map();
    for (const { id } of doubtful) note(faults, id, readFileSync(join(dir, id)));
    const doubtfulWrong = faults.size;

    const served = new Map();
    const driver = await XattrDriver.open({ dir });
    try {
      for (const image of images) {
        if (this.#proven.has(image.key)) continue;
        const bytes = await driver.readImage(image.id);
        if (bytes === undefined) continue;
        if (note(served, image.id, bytes)) note(faults, image.id, bytes);
        else if (image.changedNs <= untilNs) this.#proven.add(image.key);
      }
      const left = new Set((await driver.getCachedImages()).map(({ imageId }) => imageId));
      return {
        images: images.length,
        wrong: faults.size,
        trustedAndWrong: served.size,
        doubtful: doubtful.length,
        doubtfulAndRight: doubtful.length - doubtfulWrong,
        dropped: images.filter(({ id }) => !left.has(id)).length,
        lostWithoutDoubt: images.filter(({ id, changedNs }) => changedNs <= untilNs && !left.has(id)).length,
        faults: [...faults.values()],
        served: [...served].map(([id, fault]) => `${id}: ${fault}`),
      };
    } finally {
      await driver.close();
    }
  }
}

function note(faults, id, bytes) {
  const fault = faultOf(id, bytes);
  if (fault !== undefined) faults.set(id, fault);
  return fault !== undefined;
}

function imagesIn(dir) {
  const files = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isFile() && entry.name[0] !== '.');
  return files.map(({ name }) => {
    const { ino, size, mtimeNs, birthtimeNs } = statSync(join(dir, name), { bigint: true });
    const [, changedNs] = [mtimeNs, birthtimeNs].sort((a, b) => Number(a - b));
    return { id: name, changedNs, key: [name, ino, size, changedNs].join() };
  });
}

/** The time up to which the voucher covers images, or the end of time if there is none. */
function vouchedUntil(dir) {
  const text = getXattrSync(join(dir, '.xattr-cache'), 'xattr_cache.checkpoint');
  return text === undefined ? 2n ** 63n - 1n : BigInt(text.toString().split(' ')[2]);
}
