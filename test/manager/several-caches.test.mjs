import assert from 'node:assert/strict';
import { rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { bytesOf } from '../support/contents.mjs';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { within } from '../support/within.mjs';
import { openCache } from './support/caches.mjs';

const image = bytesOf(1000);
/** Larger than the part of the limit that is freed in advance. */
const large = bytesOf(10_000);

/** Opens caches as several processes would: each has its own, over one directory. */
async function severalCaches(t, count, options) {
  const dir = await temporaryDirectory(t);
  return await Promise.all(Array.from({ length: count }, () => openCache(t, { dir, ...options })));
}

/** Caches images with each cache in turn, and resolves to the largest size after any of them. */
async function inTurn(caches, images, bytes) {
  let largest = 0;
  for (let i = 0; i < images; i++) {
    await caches[i % caches.length].cacheImage(`${i}`, [bytes]);
    largest = Math.max(largest, await caches[0].driver.getCacheSize());
  }
  return largest;
}

test('four caches – one directory – keep the limit as one would', async (t) => {
  const caches = await severalCaches(t, 4, { maxSize: 100_000 });
  assert.equal(await inTurn(caches, 40, large), 100_000);
  assert.equal(await caches[0].driver.getCacheSize(), 100_000);
  const largest = await inTurn(caches, 500, image);
  assert(largest > 94_000 && largest <= 100_000, `${largest}`);
});

test('four caches – concurrent writes – never above the limit', async (t) => {
  const caches = await severalCaches(t, 4, { maxSize: 100_000 });
  const writing = caches.map(writeMany);
  for (const largest of await within(60_000, Promise.all(writing), 'the writes')) {
    assert(largest <= 100_000, `${largest}`);
  }
  assert((await caches[0].driver.getCacheSize()) > 80_000);
});

/** Caches images of up to a fifth of the limit, four concurrently. */
async function writeMany(cache, n) {
  let largest = 0;
  const write = async (lane) => {
    for (let i = 0; i < 10; i++) {
      await cache.cacheImage(`${n} ${lane} ${i}`, [bytesOf(1), bytesOf(5000 * (1 + (i % 4)) - 1)]);
      largest = Math.max(largest, await cache.driver.getCacheSize());
    }
  };
  await Promise.all([0, 1, 2, 3].map(write));
  return largest;
}

test('an idle cache – others wrote meanwhile – counts their bytes', async (t) => {
  const [idle, busy] = await severalCaches(t, 2, { maxSize: 100_000 });
  await idle.cacheImage('early', [large]);
  await inTurn([busy], 9, large);
  assert.equal(await busy.driver.getCacheSize(), 100_000);
  await idle.cacheImage('late', [large]);
  assert.equal(await idle.driver.getCacheSize(), 100_000);
  assert.equal(await idle.driver.isCached('early'), false);
});

test('the strictest limit – of two caches – holds while the other is open', async (t) => {
  const dir = await temporaryDirectory(t);
  const [wide, strict] = [await openCache(t, { dir, maxSize: 100_000 }), await openCache(t, { dir, maxSize: 50_000 })];
  await inTurn([wide], 10, large);
  assert.equal(await wide.driver.getCacheSize(), 100_000, 'a cache that writes nothing limits no other');
  await strict.cacheImage('strict', [large]);
  assert.equal(await wide.driver.getCacheSize(), 50_000);
  await wide.cacheImage('wide', [large]);
  assert.equal(await wide.driver.getCacheSize(), 50_000);
  assert.equal(await wide.cacheImage('too large', [bytesOf(60_000)]), false);
});

test('an eviction – held up by another process – a write that fits goes on', async (t) => {
  const [cache] = await severalCaches(t, 1, { maxSize: 50_000 });
  await cache.cacheImage('first', [large]);
  const release = await lockInProcess(t, join(cache.driver.dir, '.xattr-cache', 'lock'));
  for (let i = 0; i < 4; i++) assert.equal(await within(5000, cache.cacheImage(`${i}`, [large]), `${i}`), true);
  const above = cache.cacheImage('above', [large]);
  await sleep(100);
  assert.equal(await Promise.race([above, 'waiting']), 'waiting');
  assert.equal(await cache.driver.getCacheSize(), 50_000);
  await release();
  assert.equal(await within(5000, above, 'above'), true);
  assert.equal(await cache.driver.getCacheSize(), 50_000);
});

const spoilers = {
  removed: (corner) => rm(join(corner, 'reservations'), { force: true }),
  empty: (corner) => truncate(join(corner, 'reservations')).catch(() => {}),
  nonsense: (corner) => writeFile(join(corner, 'reservations'), Buffer.alloc(1024, 'nonsense')),
  'moved away': (corner, n) => rename(corner, `${corner}-${n}`).catch(() => {}),
};

for (const [name, spoil] of Object.entries(spoilers)) {
  test(`the reservations – ${name} – the cache still keeps its limit`, async (t) => {
    const [cache] = await severalCaches(t, 1, { maxSize: 50_000 });
    for (let i = 0; i < 100; i++) {
      await cache.cacheImage(`${i}`, [image]);
      assert((await cache.driver.getCacheSize()) <= 50_000);
      if (i % 3 === 0) await spoil(join(cache.driver.dir, '.xattr-cache'), i);
    }
    assert((await cache.driver.getCacheSize()) > 45_000);
  });
}
