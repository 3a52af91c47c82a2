// An ImageCache over a directory that has foreign entries, or that is replaced by another.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';

import { CacheError, getXattrSync } from '../../dist/index.js';
import { openCache } from '../manager/support/caches.mjs';
import { canary } from '../support/canary.mjs';
import { bytesOf } from '../support/contents.mjs';
import { sampled } from '../support/sample.mjs';
import { seed } from '../support/seed.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { killIfStuck } from '../support/watchdog.mjs';
import { within } from '../support/within.mjs';
import { kinds, places, scene } from './odd-entries.mjs';

killIfStuck(20);

const source = () => [bytesOf(500, 9)];
const operations = {
  cacheImage: (cache, id) => cache.cacheImage(id, source(), { expectedSize: 500 }),
  cachingIterator: (cache, id) => buffer(cache.cachingIterator(id, source())),
  getOrFetch: async (cache, id) => buffer(await cache.getOrFetch(id, source)),
  queueImage: (cache, id) => cache.queueImage(id),
  prefetch: (cache) => cache.prefetch(source),
  verify: (cache, id) => cache.verify(id),
  stats: (cache) => cache.stats(),
  prune: (cache) => cache.prune({ maxSize: 0 }),
  clean: (cache) => cache.clean(0),
};
const passesOn = ['cachingIterator', 'getOrFetch'];

/** Returns the outcome of an operation, which comes soon and is a value or an error of ours. */
async function outcomeOf(name, cache, id) {
  const [outcome] = await within(10_000, Promise.allSettled([operations[name](cache, id)]), `${name} of ${id}`);
  const { status, reason } = outcome;
  assert(status === 'fulfilled' || CacheError.is(reason), `${name} of ${id}: ${reason?.stack}`);
  return outcome;
}

for (const [what, { make, holds, skip = false }] of Object.entries(kinds)) {
  test(`a cache – ${what} anywhere – stays inside and never blocks`, { skip }, async (t) => {
    const { driver, outside, twin, set } = await scene(t);
    const cache = await openCache(t, { driver });
    const all = places.flatMap((place) => Object.keys(operations).map((name) => [place, name]));

    for (const [place, name] of sampled(all, 12)) {
      const point = `${name}, with ${what} in ${place}, seed ${seed}`;
      await set(make, join(driver.dir, place, 'odd'));

      const { status, value, reason } = await outcomeOf(name, cache, 'odd');

      outside.untouched(point);
      assert.deepEqual(readFileSync(twin), bytesOf(300, 5), point);
      if (!passesOn.includes(name)) continue;
      assert.equal(status, 'fulfilled', `${point}: ${reason?.stack}`);
      const cached = name === 'getOrFetch' && place === '.' ? holds : undefined;
      assert.deepEqual(value, cached ?? bytesOf(500, 9), point);
    }
    outside.whole(what);
  });

  test(`a commit – ${what} in the corner – stays inside and succeeds`, { skip }, async (t) => {
    const { driver, outside, twin, set } = await scene(t);
    const cache = await openCache(t, { driver, maxSize: 10_000 });
    for (const place of ['.xattr-cache', '.xattr-cache/lock']) {
      await set(
        async (path, context) => {
          if (place.endsWith('lock')) mkdirSync(join(driver.dir, '.xattr-cache'));
          await make(path, context);
        },
        join(driver.dir, place),
      );

      for (const name of ['cacheImage', 'cachingIterator', 'getOrFetch', 'prune']) {
        await cache.driver.deleteCachedImage('image');
        const { status, reason } = await outcomeOf(name, cache, 'image');
        if (name !== 'prune') assert.equal(status, 'fulfilled', `${name}: ${reason?.stack}`);
        outside.untouched(`${name}, ${place}`);
      }
      assert.deepEqual(readFileSync(twin), bytesOf(300, 5));
      if (place === '.xattr-cache') assert.equal(committedOf(twin), undefined);
    }
    outside.whole(what);
  });
}

test('a cache – its directory is moved – continues in it, not at the old path', async (t) => {
  const dir = join(await temporaryDirectory(t), 'cache');
  mkdirSync(dir);
  const cache = await openCache(t, { dir });
  const moved = `${dir}-moved`;
  renameSync(dir, moved);

  for (const name of Object.keys(operations)) {
    await cache.driver.deleteCachedImage('odd');
    if (name === 'verify') await cache.cacheImage('odd', source());
    const { status, reason } = await outcomeOf(name, cache, 'odd');
    assert.equal(status, 'fulfilled', `${name}: ${reason?.stack}`);
    assert(!existsSync(dir), name);
  }
  assert(committedOf(join(moved, '.xattr-cache')) >= 4 * 500);
});

test('a cache – its corner replaced by a link – writes nothing through it', async (t) => {
  const cache = await openCache(t);
  const outside = await canary(t);
  const corner = join(cache.driver.dir, '.xattr-cache');
  await cache.cacheImage('before', source());
  renameSync(corner, `${corner}-moved`);
  symlinkSync(join(outside.dir, '.xattr-cache'), corner);

  await cache.cacheImage('after', source());

  assert.equal(await cache.driver.isCached('after'), true);
  outside.whole('the corner');
});

function committedOf(path) {
  return getXattrSync(path, 'xattr_cache.committed')?.toString();
}
