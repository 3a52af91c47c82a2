import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { bytesOf } from '../support/contents.mjs';
import { overEachDriver } from './support/caches.mjs';

const manual = { autoPrune: false };
const image = Buffer.alloc(1024, '*');
/** A commit has the time of the kernel's tick, a hit has the time of the clock. */
const tickMs = 20;
const idsOf = async (cache) => (await cache.driver.getCachedImages()).map(({ imageId }) => imageId);
const nothing = { filesPruned: 0, bytesPruned: 0, images: [] };

overEachDriver('prune()', (open) => {
  // Glance's reads all fall into one second and are in the order of the names, so its test passes by the tie-break.
  test('glance C10: prune() – ten images read, one new – removes those read first', async (t) => {
    const cache = await open(t, { maxSize: 5 * 1024, ...manual });
    const order = ['5', '0', '9', '2', '7', '1', '8', '3', '6', '4'];
    for (let i = 0; i < 10; i++) await cache.cacheImage(`${i}`, image);
    for (const id of order) {
      await sleep(tickMs);
      assert.deepEqual(await cache.driver.readImage(id), image);
    }
    await sleep(tickMs);
    await cache.cacheImage('99', image);
    assert.equal(await cache.driver.getCacheSize(), 11 * 1024);

    const { filesPruned, bytesPruned, images } = await cache.prune();

    assert.deepEqual({ filesPruned, bytesPruned }, { filesPruned: 6, bytesPruned: 6 * 1024 });
    assert.deepEqual(
      images.map(({ imageId, size, hits }) => [imageId, size, hits]),
      order.slice(0, 6).map((id) => [id, 1024, 1]),
    );
    assert.equal(await cache.driver.getCacheSize(), 5 * 1024);
    assert.deepEqual(await idsOf(cache), [...order.slice(6), '99'].sort());
    assert.deepEqual(await cache.prune(), nothing);
  });

  test('glance C11: prune() – limit of 0 – empties the cache', async (t) => {
    const cache = await open(t, { maxSize: 0, ...manual });
    await cache.driver.writeImage('image', image);
    await cache.driver.readImage('image');

    const { filesPruned, bytesPruned } = await cache.prune();

    assert.deepEqual({ filesPruned, bytesPruned }, { filesPruned: 1, bytesPruned: 1024 });
    assert.equal(await cache.driver.getCacheSize(), 0);
    assert.equal(await cache.driver.isCached('image'), false);
    assert.deepEqual(await cache.prune(), nothing);
  });

  test('prune() – size at the limit, then a byte above – removes nothing, then one', async (t) => {
    const cache = await open(t, { maxSize: 2048, ...manual });
    for (const id of ['a', 'b']) await cache.cacheImage(id, image);
    assert.deepEqual(await cache.prune(), nothing);
    await sleep(tickMs);
    await cache.cacheImage('c', bytesOf(1));
    assert.equal((await cache.prune()).filesPruned, 1);
    assert.equal((await idsOf(cache)).length, 2);
  });

  test('prune() – low watermark set – prunes to the limit, not below', async (t) => {
    const cache = await open(t, { maxSize: 3072, lowWatermark: 0.1, ...manual });
    for (const id of ['a', 'b', 'c', 'd']) await cache.cacheImage(id, image);
    assert.equal((await cache.prune()).filesPruned, 1);
  });

  test('prune() – another limit given – prunes to it, 0 included', async (t) => {
    const cache = await open(t, manual);
    for (const id of ['a', 'b', 'c']) await cache.cacheImage(id, image);
    assert.deepEqual(await cache.prune(), nothing);
    assert.equal((await cache.prune({ maxSize: 2500 })).filesPruned, 1);
    assert.equal((await cache.prune({ maxSize: 0 })).filesPruned, 2);
  });

  test('prune() – dry run – reports the victims, removes nothing', async (t) => {
    const cache = await open(t, { maxSize: 1024, ...manual });
    for (const id of ['c', 'a', 'b']) {
      await cache.cacheImage(id, image);
      await sleep(tickMs);
    }
    const planned = await cache.prune({ dryRun: true });
    assert.deepEqual(
      planned.images.map(({ imageId }) => imageId),
      ['c', 'a'],
    );
    assert.deepEqual(await idsOf(cache), ['a', 'b', 'c']);
    assert.deepEqual(await cache.prune(), planned);
    assert.deepEqual(await idsOf(cache), ['b']);
  });

  test('glance B11: prune() – four concurrent calls – together remove as much as one', async (t) => {
    const cache = await open(t, { maxSize: 15_000, ...manual });
    for (let i = 0; i < 200; i++) await cache.cacheImage(`${i}`, bytesOf(100));

    const results = await Promise.all(Array.from({ length: 4 }, () => cache.prune()));

    const gone = results.flatMap(({ images }) => images.map(({ imageId }) => imageId));
    assert.equal(gone.length, 50);
    assert.equal(new Set(gone).size, 50);
    assert.equal(await cache.driver.getCacheSize(), 15_000);
  });

  test('prune() – aborted before it begins – removes nothing', async (t) => {
    const cache = await open(t, { maxSize: 0, ...manual });
    await cache.driver.writeImage('image', image);
    await assert.rejects(cache.prune({ signal: AbortSignal.abort() }), { name: 'AbortError' });
    assert.deepEqual(await idsOf(cache), ['image']);
  });

  test('prune() – invalid arguments – refuses them, removes nothing', async (t) => {
    const cache = await open(t, { maxSize: 0, ...manual });
    await cache.driver.writeImage('image', image);
    for (const maxSize of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1.5]) {
      await assert.rejects(cache.prune({ maxSize }), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
    }
    for (const options of [null, 7, { maxSize: '0' }, { maxSize: null }, { signal: 7 }]) {
      await assert.rejects(cache.prune(options), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
    assert.deepEqual(await idsOf(cache), ['image']);
  });
});
