// A cache directory with foreign entries, under the names that the driver uses.

import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { sampled } from '../support/sample.mjs';
import { seed } from '../support/seed.mjs';
import { kinds, places, scene } from './odd-entries.mjs';
import { concernsOneImage, operations, outcomeOf, readsBytes, writesBytes, written } from './operations.mjs';

for (const [what, { make, holds, stays = false, skip = false }] of Object.entries(kinds)) {
  test(`every operation – ${what} anywhere – stays inside and never blocks`, { skip }, async (t) => {
    const { driver, outside, twin, set } = await scene(t);
    const all = places.flatMap((place) => Object.keys(operations).map((name) => [place, name]));
    const points = sampled(all, 10, ([place, name]) => place === '.' && readsBytes(name));

    for (const [place, name] of points) {
      const point = `${name}, with ${what} in ${place}, seed ${seed}`;
      const path = join(driver.dir, place, 'odd');
      await set(make, path);
      const { ino } = lstatSync(path);

      const { status, value, reason } = await outcomeOf(name, driver, 'odd');

      // One odd entry must not keep all others from being listed, evicted or cleaned up.
      if (!concernsOneImage(name)) assert.equal(status, 'fulfilled', `${point}: ${reason?.stack}`);
      outside.untouched(point);
      assert.deepEqual(readFileSync(twin), bytesOf(300, 5), point);
      if (readsBytes(name) && value !== undefined) {
        assert.equal(place, '.', point);
        assert.deepEqual(value, holds, point);
      }
      if (writesBytes(name) && status === 'fulfilled') {
        assert.deepEqual(await driver.readImage('odd'), written, point);
      }
      if (stays) assert.equal(lstatSync(path).ino, ino, point);
    }

    outside.whole(what);
    t.diagnostic(`${points.length} of ${all.length} points, seed ${seed}`);
  });

  test(`an eviction – ${what} in the corner – stays inside and never blocks`, { skip }, async (t) => {
    const { driver, outside, twin, set } = await scene(t);
    for (const inside of [false, true]) {
      const corner = join(driver.dir, '.xattr-cache');
      await set(
        async (path, context) => {
          if (inside) mkdirSync(corner);
          await make(path, context);
        },
        inside ? join(corner, 'lock') : corner,
      );

      for (const name of ['evictTo', 'evictTo, a dry run', 'readImage', 'writeImageSync']) {
        const { status, value } = await outcomeOf(name, driver, 'image');
        if (name === 'evictTo, a dry run') assert.equal(status, 'fulfilled');
        if (name === 'evictTo' && status === 'fulfilled') assert.equal(value.filesEvicted, 1);
        outside.untouched(`${name}, ${inside}`);
      }
      assert.deepEqual(readFileSync(twin), bytesOf(300, 5));
    }
    outside.whole(what);
  });
}
