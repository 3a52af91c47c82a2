import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { setXattr } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { openCache } from './support/caches.mjs';

const image = bytesOf(1000);

/** Opens caches as several processes would: each has its own, over one directory. */
async function severalCaches(t, count, options) {
  const dir = await temporaryDirectory(t);
  return await Promise.all(Array.from({ length: count }, () => openCache(t, { dir, ...options })));
}

/** Caches images with each cache in turn, and resolves to the largest size after any of them. */
async function inTurn(caches, images) {
  let largest = 0;
  for (let i = 0; i < images; i++) {
    await caches[i % caches.length].cacheImage(`${i}`, [image]);
    largest = Math.max(largest, await caches[0].driver.getCacheSize());
  }
  return largest;
}

test('four caches – one directory – keep the limit as one would', async (t) => {
  const caches = await severalCaches(t, 4, { maxSize: 100_000 });
  assert.equal(await inTurn(caches, 500), 100_000);
});

test('an idle cache – others wrote meanwhile – counts their bytes', async (t) => {
  const [idle, busy] = await severalCaches(t, 2, { maxSize: 100_000 });
  await idle.cacheImage('early', [image]);
  await inTurn([busy], 99);
  assert.equal(await busy.driver.getCacheSize(), 100_000);
  await idle.cacheImage('late', [image]);
  assert.equal(await idle.driver.getCacheSize(), 90_000);
});

test('a byte count – not recorded, directory locked – is recorded later', async (t) => {
  const [idle, busy] = await severalCaches(t, 2, { maxSize: 100_000 });
  await idle.cacheImage('early', [image]);
  const release = await lockInProcess(t, join(idle.driver.dir, '.xattr-cache'));
  for (let i = 0; i < 4; i++) await busy.cacheImage(`${i}`, [bytesOf(24_000)]);
  await release();
  await busy.cacheImage('4', [bytesOf(3000)]);
  assert.equal(await busy.driver.getCacheSize(), 100_000);
  await idle.cacheImage('late', [bytesOf(1)]);
  assert((await idle.driver.getCacheSize()) <= 90_000);
});

test('the shared byte count – lost or invalid – the cache still keeps its limit', async (t) => {
  const spoilers = [
    (corner) => rm(corner, { recursive: true, force: true }),
    (corner) => setXattr(corner, 'xattr_cache.committed', '0'),
    (corner) => setXattr(corner, 'xattr_cache.committed', 'nonsense'),
    (corner) => setXattr(corner, 'xattr_cache.committed', `${Number.MAX_SAFE_INTEGER}`),
  ];
  for (const spoil of spoilers) {
    const [cache] = await severalCaches(t, 1, { maxSize: 50_000 });
    for (let i = 0; i < 200; i++) {
      await cache.cacheImage(`${i}`, [image]);
      await spoil(join(cache.driver.dir, '.xattr-cache'));
      assert((await cache.driver.getCacheSize()) <= 50_000);
    }
  }
});

test('images – locked by another process – stay, without failure or spinning', async (t) => {
  const cache = await openCache(t, { maxSize: 2500 });
  for (const id of ['a', 'b']) await cache.cacheImage(id, [image]);
  for (const id of ['a', 'b']) await lockInProcess(t, cache.driver.getImageFilepath(id));
  await cache.cacheImage('c', [image]);
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((id) => cache.driver.isCached(id))), [true, true, false]);
});
