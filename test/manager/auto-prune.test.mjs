import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { within } from '../support/within.mjs';
import { collect, overEachDriver } from './support/caches.mjs';
import { listen } from './support/events.mjs';

const image = bytesOf(1000);

/** Returns overrides that count the walks of a driver. */
function counting() {
  const counts = { getCacheSize: 0, evictTo: 0 };
  const count =
    (method) =>
    (driver, ...args) => {
      counts[method] += 1;
      return driver[method](...args);
    };
  return { counts, overrides: { getCacheSize: count('getCacheSize'), evictTo: count('evictTo') } };
}

overEachDriver('auto-pruning', (open) => {
  test('cacheImage() – any number of images – never leaves more than the limit', async (t) => {
    const cache = await open(t, { maxSize: 20_000 });
    const sizes = [];
    for (let i = 0; i < 100; i++) {
      await cache.cacheImage(`${i}`, image);
      sizes.push(await cache.driver.getCacheSize());
    }
    assert.equal(Math.max(...sizes), 20_000);
    assert.equal(Math.min(...sizes.slice(20)), 18_000);
  });

  test('a cache – at its limit, then above – is evicted to the low watermark', async (t) => {
    const cache = await open(t, { maxSize: 10_000, lowWatermark: 0.5 });
    for (let i = 0; i < 10; i++) await cache.cacheImage(`${i}`, image);
    assert.equal(await cache.driver.getCacheSize(), 10_000);
    await cache.cacheImage('one more', bytesOf(1));
    assert.equal(await cache.driver.getCacheSize(), 4001);
  });

  test('a tee – commits above the limit – evicts, its consumer does not wait', async (t) => {
    const cache = await open(t, { maxSize: 10_000 });
    const sizes = [];
    for (let i = 0; i < 50; i++) {
      await collect(cache.cachingIterator(`${i}`, [image]));
      sizes.push(await cache.driver.getCacheSize());
    }
    assert(Math.max(...sizes) <= 11_000, `${Math.max(...sizes)}`);
    await cache.close();
    assert((await cache.driver.getCacheSize()) <= 10_000);
  });

  test('prefetch() – commits above the limit – evicts', async (t) => {
    const cache = await open(t, { maxSize: 5000 });
    for (let i = 0; i < 10; i++) await cache.queueImage(`${i}`);
    assert.equal((await cache.prefetch(() => image, { concurrency: 2 })).cached.length, 10);
    assert((await cache.driver.getCacheSize()) <= 5000);
  });

  test('a low watermark – 0 or 1 – keeps nothing, or everything that fits', async (t) => {
    const none = await open(t, { maxSize: 1500, lowWatermark: 0 });
    for (const id of ['a', 'b']) await none.cacheImage(id, image);
    assert.equal(await none.driver.getCacheSize(), 0);
    const all = await open(t, { maxSize: 3000, lowWatermark: 1 });
    for (const id of ['a', 'b', 'c', 'd']) await all.cacheImage(id, image);
    assert.equal(await all.driver.getCacheSize(), 3000);
  });

  test('a limit of 0 – images cached – keeps nothing, and does not spin', async (t) => {
    const { counts, overrides } = counting();
    const cache = await open(t, { maxSize: 0 }, overrides);
    await cache.cacheImage('empty', []);
    for (const id of ['a', 'b']) {
      assert.equal(await within(5000, cache.cacheImage(id, image), 'cacheImage()'), false);
      assert.equal(await cache.driver.isCached(id), false);
    }
    assert(counts.getCacheSize <= 3);
  });

  test('autoPrune – false – evicts nothing', async (t) => {
    const { counts, overrides } = counting();
    const cache = await open(t, { maxSize: 1000, autoPrune: false }, overrides);
    for (const id of ['a', 'b', 'c']) await cache.cacheImage(id, image);
    assert.equal(await cache.driver.getCacheSize(), 3000);
    await cache.close();
    assert.equal(counts.evictTo, 0);
  });

  test('fifty writers – concurrent – exceed the limit by their own images at most', async (t) => {
    const writers = 50;
    const cache = await open(t, { maxSize: 100_000 });
    let largest = 0;
    let n = 0;
    const write = async () => {
      while (n < 500) {
        n += 1;
        await cache.cacheImage(`${n}`, [image]);
        largest = Math.max(largest, await cache.driver.getCacheSize());
      }
    };
    await Promise.all(Array.from({ length: writers }, write));
    assert(largest <= 100_000 + writers * 1000, `${largest}`);
    assert((await cache.driver.getCacheSize()) <= 100_000);
  });

  test('a nearly full cache – many small images – walks rarely', async (t) => {
    const { counts, overrides } = counting();
    const cache = await open(t, { maxSize: 100_000 }, overrides);
    await cache.cacheImage('large', [bytesOf(80_000)]);
    for (let i = 0; i < 200; i++) await cache.cacheImage(`${i}`, [bytesOf(100)]);
    assert.equal(await cache.driver.getCacheSize(), 100_000);
    // It walks when half of the space is used, which leaves 10, 5, 2.5 and 1.25 % of the limit, then after each 1 %.
    assert(counts.getCacheSize <= 8, `${counts.getCacheSize} walks for 200 images`);
    assert.equal(counts.evictTo, 0);
  });

  test('writes by other programs – half of the free space used – are noticed', async (t) => {
    const cache = await open(t, { maxSize: 100_000 });
    await cache.cacheImage('first', image);
    for (let i = 0; i < 150; i++) await cache.driver.writeImage(`foreign ${i}`, image);
    for (let i = 0; i < 50; i++) await cache.cacheImage(`${i}`, image);
    assert((await cache.driver.getCacheSize()) <= 100_000);
  });

  test('stats() – its walk – is used for pruning, too', async (t) => {
    const cache = await open(t, { maxSize: 100_000 });
    await cache.cacheImage('first', image);
    for (let i = 0; i < 150; i++) await cache.driver.writeImage(`foreign ${i}`, image);
    assert.equal((await cache.stats()).size, 151_000);
    await cache.cacheImage('second', image);
    assert.equal(await cache.driver.getCacheSize(), 90_000);
  });

  test('an eviction – removes nothing – is retried after more writes, fails no commit', async (t) => {
    const { counts, overrides } = counting();
    const evictTo = () => {
      counts.evictTo += 1;
      return { filesEvicted: 0, bytesEvicted: 0, images: [] };
    };
    const cache = await open(t, { maxSize: 100_000 }, { ...overrides, evictTo });
    await cache.driver.writeImage('large', bytesOf(100_000));
    for (let i = 0; i < 100; i++) await cache.cacheImage(`${i}`, [bytesOf(100)]);
    assert.equal(await cache.driver.getCacheSize(), 110_000);
    assert(counts.evictTo >= 9 && counts.evictTo <= 11, `${counts.evictTo} evictions for 100 images of 0.1 %`);
  });

  test('an eviction – fails – fails no commit, is logged, and retried', async (t) => {
    const events = listen(t);
    const lines = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (...line) => lines.push(line) };
    const boom = new Error('boom');
    let broken = true;
    const evictTo = async (driver, ...args) => {
      if (broken) throw boom;
      return driver.evictTo(...args);
    };
    const cache = await open(t, { maxSize: 10_000, logger }, { evictTo });
    for (let i = 0; i < 12; i++) assert.equal(await cache.cacheImage(`${i}`, [image]), true);
    await collect(cache.cachingIterator('teed', [image]));
    assert.equal(await cache.driver.isCached('teed'), true);

    const failures = events.error.filter(({ operation }) => operation === 'auto-prune');
    assert(failures.length >= 2);
    const dir = cache.driver.dir ?? '';
    assert.deepEqual(failures[0], { dir, imageId: undefined, operation: 'auto-prune', error: boom });
    assert.deepEqual(lines[0], [{ err: boom }, 'could not prune the cache']);

    broken = false;
    await cache.cacheImage('after', [image]);
    assert((await cache.driver.getCacheSize()) <= 10_000);
  });

  test('a walk – fails – fails no commit', async (t) => {
    const events = listen(t);
    const getCacheSize = async () => {
      throw new Error('boom');
    };
    const cache = await open(t, { maxSize: 10_000 }, { getCacheSize });
    assert.equal(await cache.cacheImage('image', [image]), true);
    assert.equal(events.error[0].operation, 'auto-prune');
  });
});
