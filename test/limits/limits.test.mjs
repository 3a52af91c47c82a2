// Limits that all processes keep together, before a byte is written.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { ImageCache, XattrDriver } from '../../dist/index.js';
import { collect, openCache } from '../manager/support/caches.mjs';
import { listen } from '../manager/support/events.mjs';
import { ready } from '../manager/support/processes.mjs';
import { bytesOf } from '../support/contents.mjs';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { within } from '../support/within.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

const kilobyte = bytesOf(1000);

test('autoPrune – false, image that does not fit – fails, evicts nothing', async (t) => {
  const events = listen(t);
  const cache = await openCache(t, { maxSize: 2500, autoPrune: false });
  for (const id of ['a', 'b']) await cache.cacheImage(id, kilobyte);
  await assert.rejects(cache.cacheImage('c', kilobyte), { code: 'ERR_NO_SPACE' });
  await assert.rejects(cache.cacheImage('c', [kilobyte].values()), { code: 'ERR_NO_SPACE' });
  assert.throws(() => cache.driver.writeImageSync('c', kilobyte), { code: 'ERR_NO_SPACE' });
  assert.equal(await cache.cacheImage('d', bytesOf(500)), true);
  assert.deepEqual(events.evict, []);
  assert.equal(await cache.driver.getCacheSize(), 2500);
});

test('maxImages – more images – evicts the coldest, names the limit', async (t) => {
  const events = listen(t);
  const cache = await openCache(t, { maxImages: 3 });
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    await cache.cacheImage(id, kilobyte);
    await sleep(20);
  }
  assert.deepEqual(
    events.evict.map(({ imageId, reason, limit }) => [imageId, reason, limit]),
    [
      ['a', 'auto-prune', 'maxImages'],
      ['b', 'auto-prune', 'maxImages'],
    ],
  );
  const { limits } = await cache.stats();
  assert.deepEqual([limits.maxImages, limits.evictedPerMinute], [3, 2]);
});

test('a synchronous write – no room – evicts on its thread', async (t) => {
  const driver = await openDriver(t, { limits: { maxSize: 2500 } });
  for (const id of ['a', 'b', 'c', 'd']) driver.writeImageSync(id, kilobyte);
  const writer = driver.openForWriteSync('e', { expectedSize: 2000 });
  writer.writeSync(bytesOf(2000));
  writer.commitSync();
  assert.deepEqual((await driver.getCachedImages()).map(({ imageId }) => imageId), ['e']); // biome-ignore format: one line
  assert.throws(() => driver.writeImageSync('f', bytesOf(2501)), { code: 'ERR_NO_SPACE' });
});

test('limits – a part of the file system, or wrong – are resolved, or refused', async (t) => {
  const whole = await openCache(t, { maxSize: '100%' });
  const half = await openCache(t, { maxSize: '50%', minFree: '1%', minFreeInodes: 7 });
  assert.equal(Math.floor(whole.maxSize / 2), half.maxSize);
  const { limits } = await half.stats();
  assert.deepEqual([limits.minFreeInodes, limits.minFree], [7, Math.floor(whole.maxSize / 100)]);
  const dir = whole.driver.dir;
  for (const wrong of [{ maxSize: '101%' }, { maxImages: -1 }, { minFree: 1.5 }, { minFreeInodes: 2 ** 60 }]) {
    await assert.rejects(ImageCache.open({ dir, ...wrong }), { code: 'ERR_OUT_OF_RANGE' });
    assert.throws(() => new XattrDriver({ dir, limits: wrong }), { code: 'ERR_OUT_OF_RANGE' });
  }
  for (const wrong of ['half', '%', '-1%', '80']) {
    await assert.rejects(ImageCache.open({ dir, maxSize: wrong }), { code: 'ERR_INVALID_ARG_VALUE' });
  }
});

test('a driver with limits – limits of a cache, too – is refused', async (t) => {
  const driver = await openDriver(t, { limits: { maxSize: 2500 } });
  await assert.rejects(ImageCache.open({ driver, maxSize: 1 }), { code: 'ERR_INVALID_ARG_VALUE' });
  const cache = await ImageCache.open({ driver });
  assert.equal(cache.maxSize, 2500);
  for (const id of ['a', 'b', 'c']) await cache.cacheImage(id, kilobyte);
  assert.equal(await driver.getCacheSize(), 2000);
  await cache.close();
});

test('two caches – one directory – the stricter limit holds until it is closed', async (t) => {
  const dir = await temporaryDirectory(t);
  const wide = await openCache(t, { dir, maxSize: 10_000 });
  const narrow = await ImageCache.open({ dir, maxSize: 3000 });
  await narrow.cacheImage('first', kilobyte);
  for (let i = 0; i < 10; i++) await wide.cacheImage(`${i}`, kilobyte);
  assert.equal(await wide.driver.getCacheSize(), 3000);
  await narrow.close();
  for (let i = 10; i < 20; i++) await wide.cacheImage(`${i}`, kilobyte);
  assert.equal(await wide.driver.getCacheSize(), 10_000);
});

test('a cache – only looked at – binds no other process', async (t) => {
  const dir = await temporaryDirectory(t);
  const cache = await openCache(t, { dir, maxSize: 10_000 });
  for (let i = 0; i < 10; i++) await cache.cacheImage(`${i}`, kilobyte);
  const onlooker = await openCache(t, { dir, maxSize: 1000, autoPrune: false });
  await onlooker.stats();
  await onlooker.prune({ dryRun: true });
  await cache.cacheImage('more', kilobyte);
  assert.equal(await cache.driver.getCacheSize(), 10_000);
});

test('a limit – lowered on a full directory – is kept by the next write', async (t) => {
  const dir = await temporaryDirectory(t);
  const before = await ImageCache.open({ dir, maxSize: 100_000 });
  for (let i = 0; i < 100; i++) await before.cacheImage(`${i}`, kilobyte);
  await before.close();
  const cache = await openCache(t, { dir, maxSize: 10_000 });
  await cache.cacheImage('next', kilobyte);
  assert((await cache.driver.getCacheSize()) <= 10_000);
  assert.equal(await cache.driver.isCached('next'), true);
});

for (const imageSize of ['20 %', '2 %']) {
  test(`four processes – write images of ${imageSize} only – never exceed the limit`, async (t) => {
    const dir = await temporaryDirectory(t);
    await openDriver(t, { dir });
    const maxSize = 4_000_000;
    const size = (maxSize * Number.parseInt(imageSize, 10)) / 100;
    const observer = await ready(t, './observer.mjs', [dir]);
    const args = [dir, maxSize, 4, 3 * maxSize, size, 'cacheImage'];
    const writers = await ready(t, './writing-service.mjs', args, 4);
    const observed = observer.setOff();
    const services = await writers.setOff();
    observer.tell('stop');
    const [{ largest, looks }] = await observed;
    t.diagnostic(`largest ${largest} of ${maxSize} in ${looks} looks`);
    assert(largest <= maxSize, `${largest} bytes`);
    assert(largest > maxSize / 2, `${largest} bytes`);
    assert(looks > 20, `${looks} looks`);
    assert(services.reduce((sum, { bytes }) => sum + bytes, 0) >= 2 * maxSize);
    assert.equal(services.reduce((sum, { errors }) => sum + errors, 0), 0); // biome-ignore format: one line
  });
}

test('a process – killed with room reserved – gives it back', async (t) => {
  const dir = await temporaryDirectory(t);
  const cache = await openCache(t, { dir, maxSize: 10_000 });
  await cache.cacheImage('small', kilobyte);
  const holder = await ready(t, '../../limits/support/holder.mjs', [dir, 10_000, 8000]);
  await holder.setOff();
  const { limits } = await cache.stats();
  assert.deepEqual([limits.reservedSize, limits.reservedImages], [8000, 1]);
  const waiting = cache.cacheImage('large', bytesOf(8000));
  assert.equal(await Promise.race([waiting, sleep(300, 'waits')]), 'waits');
  holder.kill();
  assert.equal(await within(10_000, waiting, 'the write'), true);
});

test('the elected evictor – does nothing – is replaced', async (t) => {
  const cache = await openCache(t, { maxSize: 2500 });
  for (const id of ['a', 'b']) await cache.cacheImage(id, kilobyte);
  await within(5000, cache.prune({ maxSize: 2000 }), 'prune()');
  const other = await openCache(t, { dir: cache.driver.dir, maxSize: 2500 });
  await other.cacheImage('c', kilobyte); // Makes the file.
  await lockInProcess(t, join(cache.driver.dir, '.xattr-cache', 'evictor'));
  assert.equal(await within(10_000, cache.cacheImage('d', kilobyte), 'the write'), true);
  assert((await cache.driver.getCacheSize()) <= 2500);
});

test('getOrFetch() – no room, another caller fetches it – follows', async (t) => {
  const dir = await temporaryDirectory(t);
  const [cache, other] = [await openCache(t, { dir, maxSize: 10_000 }), await openCache(t, { dir, maxSize: 10_000 })];
  let release;
  const first = await cache.getOrFetch('image', async function* () {
    yield kilobyte;
    await new Promise((resolve) => {
      release = resolve;
    });
    yield kilobyte;
  }, { expectedSize: 2000 }); // biome-ignore format: one call
  const reading = collect(first);
  const holder = await cache.driver.openForWrite('holder', { expectedSize: 7900 });
  const followed = await within(
    900,
    other.getOrFetch('image', () => assert.fail('fetched twice')),
    'getOrFetch()',
  );
  assert.equal(followed.source, 'follow');
  const both = Promise.all([reading, collect(followed)]);
  while (!release) await sleep(5);
  release();
  for (const { bytes } of await both) assert.equal(bytes.length, 2000);
  await holder.rollback('done');
});

test('getOrFetch() – no room in time – passes through, is not cached', async (t) => {
  const events = listen(t);
  const cache = await openCache(t, { maxSize: 10_000 });
  const holder = await cache.driver.openForWrite('holder', { expectedSize: 9500 });
  const image = await cache.getOrFetch('image', async () => kilobyte);
  const { bytes } = await collect(image);
  assert.deepEqual(bytes, kilobyte);
  assert.equal(await cache.driver.isCached('image'), false);
  assert.equal(events.error[0].error.code, 'ERR_NO_SPACE');
  await holder.rollback('done');
});
