// Writes over an XattrDriver that find no room, because other writes have reserved it or images are in use.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { native } from '../../dist/native/native.js';
import { bytesOf } from '../support/contents.mjs';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { until, within } from '../support/within.mjs';
import { collect, openCache, tidiness } from './support/caches.mjs';
import { listen } from './support/events.mjs';
import { untouched } from './support/sources.mjs';

const image = bytesOf(1000);

/** Opens a cache whose room a writer has reserved. */
async function reserved(t, options) {
  const cache = await openCache(t, { maxSize: 1500, ...options });
  const writer = await cache.driver.openForWrite('reserved', { expectedSize: 1000 });
  return { cache, writer };
}

test('cacheImage() – no room – waits, the source unread, until there is some', async (t) => {
  const { cache, writer } = await reserved(t);
  const source = untouched([image]);
  const next = cache.cacheImage('next', source, { expectedSize: 1000 });
  await sleep(50);
  assert.equal(source.touched, false);
  assert.equal(await Promise.race([next, 'waiting']), 'waiting');
  await writer.write(image);
  await writer.commit();
  assert.equal(await within(5000, next, 'cacheImage()'), true);
  assert.deepEqual(
    (await cache.driver.getCachedImages()).map(({ imageId }) => imageId),
    ['next'],
  );
});

test('cacheImage() – a writer gives up its room – gets it, evicts nothing', async (t) => {
  const events = listen(t);
  const { cache, writer } = await reserved(t);
  const next = cache.cacheImage('next', [image]);
  await sleep(20);
  await writer.rollback('text');
  assert.equal(await within(5000, next, 'cacheImage()'), true);
  assert.deepEqual(events.evict, []);
});

test('cacheImage() – aborted while it waits – rejects, leaves nothing behind', async (t) => {
  const { cache, writer } = await reserved(t);
  for (const options of [{ expectedSize: 1000 }, {}]) {
    const source = untouched([image]);
    const signal = AbortSignal.timeout(20);
    const next = cache.cacheImage('next', source, { ...options, signal });
    await assert.rejects(within(2000, next, 'cacheImage()'), { name: 'TimeoutError' });
    assert.equal(source.touched, options.expectedSize === undefined);
  }
  await writer.rollback('text');
  assert.equal(await cache.driver.isCacheable('next'), true);
  assert.equal((await tidiness(cache)).incomplete, 0);
  assert.equal(await cache.cacheImage('next', bytesOf(1500)), true, 'nothing is reserved');
});

test('writers – several wait – get room in the order of their arrival', async (t) => {
  const { cache, writer } = await reserved(t);
  const order = [];
  const waiting = [];
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    waiting.push(cache.driver.writeImage(id, image).then(() => order.push(id)));
    await sleep(5);
  }
  await sleep(50);
  assert.deepEqual(order, []);
  await writer.rollback('text');
  await within(10_000, Promise.all(waiting), 'the writes');
  assert.deepEqual(order, ['a', 'b', 'c', 'd', 'e']);
});

test('a tee – no room for a second – passes the image through, emits an error', async (t) => {
  const events = listen(t);
  const { cache, writer } = await reserved(t);
  for (const options of [{ expectedSize: 1000 }, {}]) {
    const started = performance.now();
    const teed = collect(cache.cachingIterator('next', [image], options));
    assert.deepEqual(await within(5000, teed, 'the tee'), { chunks: [image], bytes: image });
    const waited = performance.now() - started;
    assert(waited >= 900, `${waited} ms`);
  }
  assert.equal(await cache.driver.isCached('next'), false);
  assert.deepEqual(
    events.error.map(({ operation, error }) => [operation, error.code]),
    [
      ['open', 'ERR_NO_SPACE'],
      ['write', 'ERR_NO_SPACE'],
    ],
  );
  await writer.rollback('text');
  await collect(cache.cachingIterator('next', [image]));
  assert.equal(await cache.driver.isCached('next'), true);
});

test('a tee – aborted while it waits – ends immediately', async (t) => {
  const { cache, writer } = await reserved(t);
  const started = performance.now();
  const reason = new Error('enough');
  const controller = new AbortController();
  const teed = collect(cache.cachingIterator('next', [image], { signal: controller.signal }));
  await sleep(20);
  controller.abort(reason);
  assert.equal((await within(900, teed, 'the tee')).error, reason);
  assert(performance.now() - started < 900);
  await writer.rollback('text');
});

test('getOrFetch() – no room for a second – its readers go past the cache', async (t) => {
  const events = listen(t);
  const { cache, writer } = await reserved(t);
  const read = async () => collect(await cache.getOrFetch('next', () => [image]));
  const both = await within(10_000, Promise.all([read(), read()]), 'the fetches');
  for (const { bytes, error } of both) assert.deepEqual([bytes, error], [image, undefined]);
  assert.deepEqual([...new Set(events.error.map(({ error }) => error.code))], ['ERR_NO_SPACE']);
  await writer.rollback('text');
});

test('images – locked by another process – stay; a write waits, without spinning', async (t) => {
  const cache = await openCache(t, { maxSize: 2500 });
  for (const id of ['a', 'b']) await cache.cacheImage(id, [image]);
  const releases = [];
  for (const id of ['a', 'b']) releases.push(await lockInProcess(t, cache.driver.getImageFilepath(id)));
  const walks = t.mock.method(native, 'beginEvictionForLimitsAsync').mock;
  const began = performance.now();
  const next = cache.cacheImage('c', [image]);
  await sleep(700);
  const allowed = 3 + (performance.now() - began) / 100;
  assert(walks.callCount() <= allowed, `${walks.callCount()} walks, ${allowed} allowed`);
  assert.equal(await Promise.race([next, 'waiting']), 'waiting');
  assert.equal((await cache.driver.getCachedImages()).length, 2);
  for (const release of releases) await release();
  assert.equal(await within(10_000, next, 'cacheImage()'), true);
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map((id) => cache.driver.isCached(id))), [false, true, true]);
});

test('close() – a write waits for room – fails it soon', async (t) => {
  const dir = await temporaryDirectory(t);
  const { cache, writer } = await reserved(t, { dir });
  const next = cache.cacheImage('next', [image]);
  const teed = collect(cache.cachingIterator('teed', [image]));
  next.catch(() => {});
  await sleep(50);
  await within(3000, cache.close(), 'close()');
  await assert.rejects(within(3000, next, 'cacheImage()'), { code: 'ERR_NO_SPACE' });
  assert.deepEqual(await within(3000, teed, 'the tee'), { chunks: [image], bytes: image });
  await writer.write(image);
  await writer.commit();
  const again = await openCache(t, { dir });
  assert.equal(await again.driver.getCacheSize(), 1000);
  assert.deepEqual(await tidiness(again).then(({ incomplete }) => incomplete), 0);
});

test('limits – changed while a write waits – hold for it, too', async (t) => {
  const { cache, writer } = await reserved(t);
  const next = cache.cacheImage('next', [image]);
  await sleep(50);
  const other = await openCache(t, { driver: cache.driver, maxSize: 1200 });
  await sleep(50);
  assert.equal(await Promise.race([next, 'waiting']), 'waiting');
  await writer.write(image);
  await writer.commit();
  assert.equal(await within(5000, next, 'cacheImage()'), true);
  assert.equal(await other.driver.getCacheSize(), 1000);
});

test('a cache – closed after tees above its limit – is below it', async (t) => {
  const events = listen(t);
  const dir = await temporaryDirectory(t);
  for (let round = 0; round < 10; round++) {
    const cache = await openCache(t, { dir, maxSize: 1500 });
    await Promise.all(['a', 'b', 'c'].map((id) => collect(cache.cachingIterator(`${round}${id}`, [image]))));
    assert((await cache.driver.getCacheSize()) <= 1500);
    await cache.close();
  }
  const { driver } = await openCache(t, { dir });
  await until(async () => (await driver.getCacheSize()) === 1000, 'the last image');
  assert.deepEqual(events.error, []);
});
