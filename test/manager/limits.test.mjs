// The limits of a cache over an XattrDriver, which holds them for every write.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { ImageCache, XattrDriver } from '../../dist/index.js';
import { native } from '../../dist/native/native.js';
import { bytesOf } from '../support/contents.mjs';
import { MemoryDriver } from '../support/memory-driver.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { until, within } from '../support/within.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { collect, openCache, overriding } from './support/caches.mjs';
import { listen } from './support/events.mjs';
import { remembering } from './support/loggers.mjs';

const image = bytesOf(1000);
const idsOf = async ({ driver }) => (await driver.getCachedImages()).map(({ imageId }) => imageId);

/** Counts the walks of this process for limits. */
function countingWalks(t) {
  return t.mock.method(native, 'beginEvictionForLimitsAsync').mock;
}

/** Runs `work` while another driver looks at the size of the cache. Resolves to the largest size that it saw. */
async function largestDuring(t, { driver }, work) {
  const observer = await openDriver(t, { dir: driver.dir });
  let going = true;
  let largest = 0;
  const looking = (async () => {
    while (going) {
      largest = Math.max(largest, await observer.getCacheSize());
      await setImmediate();
    }
  })();
  await work();
  going = false;
  await looking;
  return largest;
}

const ways = {
  cacheImage: (cache, id) => cache.cacheImage(id, [image]),
  'cacheImage, size said': (cache, id) => cache.cacheImage(id, [image], { expectedSize: 1000 }),
  'cacheImage, in chunks': (cache, id) => cache.cacheImage(id, [bytesOf(10), bytesOf(990)]),
  cachingIterator: (cache, id) => collect(cache.cachingIterator(id, [image])),
  getOrFetch: async (cache, id) => collect(await cache.getOrFetch(id, () => [image])),
  writeImage: (cache, id) => cache.driver.writeImage(id, image),
  writeImageSync: async (cache, id) => cache.driver.writeImageSync(id, image),
  openForWriteSync: async (cache, id) => {
    const writer = cache.driver.openForWriteSync(id);
    writer.writeSync(image);
    writer.commitSync();
  },
};

for (const [name, way] of Object.entries(ways)) {
  test(`${name} – three times the limit – never above it, every image cached`, async (t) => {
    const cache = await openCache(t, { maxSize: 20_000 });
    const sizes = [];
    for (let i = 0; i < 60; i++) {
      await way(cache, `${i}`);
      assert.equal(await cache.driver.isCached(`${i}`), true);
      sizes.push(await cache.driver.getCacheSize());
    }
    assert.equal(Math.max(...sizes), 20_000);
    // An image is larger than the 3 % that eviction in advance would free.
    assert.equal(Math.min(...sizes.slice(20)), 20_000);
  });
}

test('fifty writers – concurrent, every way – never above the limit', async (t) => {
  const cache = await openCache(t, { maxSize: 100_000 });
  const each = Object.values(ways);
  let n = 0;
  const write = async () => {
    for (; n < 500; ) await each[n % each.length](cache, `${n++}`);
  };
  const largest = await largestDuring(t, cache, () => Promise.all(Array.from({ length: 50 }, write)));
  assert(largest <= 100_000, `${largest}`);
  // Each of the fifty may have reserved 1/64 of the limit in advance.
  assert(largest > 20_000, `${largest}`);
  assert((await cache.driver.getCacheSize()) > 20_000);
});

test('a source of unknown length – grows – evicts the coldest as it grows', async (t) => {
  const cache = await openCache(t, { maxSize: 10_000 });
  for (let i = 0; i < 10; i++) await cache.cacheImage(`${i}`, image);
  const left = [];
  const growing = async function* () {
    for (let i = 0; i < 4; i++) {
      yield image;
      left.push((await idsOf(cache)).length);
    }
  };
  assert.equal(await cache.cacheImage('growing', growing()), true);
  assert.deepEqual(left, [9, 8, 7, 6]);
  assert.deepEqual(await idsOf(cache), ['4', '5', '6', '7', '8', '9', 'growing']);
});

test('small images – above the high watermark – evicted in advance, below it again', async (t) => {
  const cache = await openCache(t, { maxSize: 100_000 });
  const events = listen(t);
  // A put reserves its size, and nothing in advance.
  for (let i = 0; i < 97; i++) await cache.driver.writeImage(`${i}`, image);
  assert.deepEqual(events.evict, []);
  await cache.driver.writeImage('97', image);
  await until(async () => (await cache.driver.getCacheSize()) <= 94_000, 'eviction in advance');
  assert.equal(await cache.driver.getCacheSize(), 94_000);
  assert.deepEqual(
    events.evict.map(({ imageId, reason, limit }) => [imageId, reason, limit]),
    ['0', '1', '2', '3'].map((id) => [id, 'auto-prune', 'maxSize']),
  );
  assert((await idsOf(cache)).includes('97'));
});

test('a high watermark – 1, one half or 0 – begins to evict there', async (t) => {
  for (const [highWatermark, most] of [
    [1, 10_000],
    [0.5, 0],
    [0, 0],
  ]) {
    const cache = await openCache(t, { maxSize: 10_000, highWatermark });
    for (let i = 0; i < 10; i++) await cache.cacheImage(`${i}`, image);
    await until(async () => (await cache.driver.getCacheSize()) <= most, `eviction for ${highWatermark}`);
    if (most > 0) assert.equal(await cache.driver.getCacheSize(), most);
  }
});

test('a nearly full cache – only large images cold – walks rarely, evicts nothing', async (t) => {
  const events = listen(t);
  const cache = await openCache(t, { maxSize: 100_000 });
  await cache.cacheImage('large', [bytesOf(97_000)]);
  const walks = countingWalks(t);
  const began = performance.now();
  for (let i = 0; i < 200; i++) await cache.cacheImage(`${i}`, [bytesOf(10)]);
  const allowed = 2 + (performance.now() - began) / 100;
  assert(walks.callCount() <= allowed, `${walks.callCount()} walks, ${allowed} allowed`);
  assert(walks.callCount() >= 1);
  assert.deepEqual(events.evict, []);
  assert.equal(await cache.driver.getCacheSize(), 99_000);
});

test('autoPrune – false – a write that does not fit fails, nothing is evicted', async (t) => {
  const cache = await openCache(t, { maxSize: 1000, autoPrune: false });
  assert.equal(await cache.cacheImage('a', image), true);
  await assert.rejects(within(5000, cache.cacheImage('b', image), 'b'), { code: 'ERR_NO_SPACE', imageId: 'b' });
  await assert.rejects(cache.driver.writeImage('b', image), { code: 'ERR_NO_SPACE' });
  assert.throws(() => cache.driver.writeImageSync('b', image), { code: 'ERR_NO_SPACE' });
  const events = listen(t);
  assert.deepEqual((await collect(cache.cachingIterator('b', [image]))).chunks, [image]);
  assert.deepEqual(
    events.error.map(({ operation, error }) => [operation, error.code]),
    [['write', 'ERR_NO_SPACE']],
  );
  assert.equal((await collect(await cache.getOrFetch('b', () => [image]))).bytes.length, 1000);
  assert.deepEqual(await idsOf(cache), ['a']);
  await cache.driver.deleteCachedImage('a');
  await cache.prune();
  assert.equal(await cache.cacheImage('b', image), true);
});

test('maxImages – more images – evicts the coldest, the events name the limit', async (t) => {
  const cache = await openCache(t, { maxImages: 3 });
  const events = listen(t);
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    await cache.cacheImage(id, [bytesOf(1)]);
    assert((await idsOf(cache)).length <= 3);
  }
  assert.deepEqual(await idsOf(cache), ['c', 'd', 'e']);
  assert.deepEqual(
    events.evict.map(({ imageId, reason, limit }) => [imageId, reason, limit]),
    ['a', 'b'].map((id) => [id, 'auto-prune', 'maxImages']),
  );
});

test('a limit – larger than any image – refuses it before its first byte', async (t) => {
  const cache = await openCache(t, { maxImages: 0 });
  assert.equal(await cache.cacheImage('image', [image]), false);
  await cache.queueImage('image');
  const { cached, failed } = await cache.prefetch(() => image);
  assert.deepEqual([cached, failed.get('image')?.code], [[], 'ERR_NO_SPACE']);
  await assert.rejects(cache.driver.writeImage('image', image), { code: 'ERR_NO_SPACE' });
  assert.equal((await collect(cache.cachingIterator('image', [image]))).bytes.length, 1000);
  assert.equal((await collect(await cache.getOrFetch('image', () => [image]))).bytes.length, 1000);
  assert.deepEqual(await idsOf(cache), []);
});

test('an error of a source – of another cache that is full – reaches the caller', async (t) => {
  const full = await openCache(t, { maxSize: 10 });
  const cache = await openCache(t);
  const source = async function* () {
    await full.driver.writeImage('image', image);
    yield image;
  };
  await assert.rejects(cache.cacheImage('image', source()), { code: 'ERR_NO_SPACE' });
});

test('a part of the file system – as a limit – is a number of bytes', async (t) => {
  const cache = await openCache(t, { maxSize: '100%' });
  const half = await openCache(t, { maxSize: '50%' });
  assert(Number.isSafeInteger(cache.maxSize));
  assert.equal(half.maxSize, Math.floor(cache.maxSize / 2));
});

test('two caches – over one driver – the strictest limit holds until it is closed', async (t) => {
  const driver = await openDriver(t);
  const large = await openCache(t, { driver, maxSize: 10_000 });
  for (let i = 0; i < 10; i++) await large.cacheImage(`${i}`, image);
  const small = await openCache(t, { driver, maxSize: 2000 });
  await large.cacheImage('a', image);
  assert.deepEqual(await idsOf(large), ['9', 'a']);
  await small.close();
  for (const id of ['b', 'c']) await large.cacheImage(id, image);
  assert.deepEqual(await idsOf(large), ['9', 'a', 'b', 'c']);
});

test('a driver – its caches closed – writes without their limits', async (t) => {
  const driver = await openDriver(t);
  const other = await openCache(t, { dir: driver.dir, maxSize: 2000 });
  const cache = await openCache(t, { driver, maxSize: 2000 });
  for (const id of ['a', 'b']) await other.cacheImage(id, image);
  await cache.cacheImage('c', image);
  const tee = cache.cachingIterator('tee', [image, image]);
  await tee.next();
  await cache.close();
  await collect(tee);
  await driver.writeImage('large', bytesOf(10_000));
  assert.equal(await driver.getImageSize('large'), 10_000);
  assert.deepEqual(await driver.readImage('tee'), Buffer.concat([image, image]));
});

test('a driver with limits – a cache over it – has these, and may have no others', async (t) => {
  const dir = await temporaryDirectory(t);
  const driver = await XattrDriver.open({ dir, limits: { maxSize: 3000 } });
  const cache = await openCache(t, { driver });
  assert.equal(cache.maxSize, 3000);
  for (const id of ['a', 'b', 'c', 'd']) await cache.cacheImage(id, image);
  assert.deepEqual(await idsOf(cache), ['b', 'c', 'd']);
  for (const limits of [{ maxSize: 1000 }, { maxImages: 1 }, { minFree: '1%' }, { minFreeInodes: 1 }]) {
    await assert.rejects(ImageCache.open({ driver, ...limits }), { code: 'ERR_INVALID_ARG_VALUE' });
  }
});

test('a driver without a file system – limits other than a size – refuses them', async () => {
  const driver = new MemoryDriver();
  for (const limits of [{ maxSize: '10%' }, { maxImages: 1 }, { minFree: 1 }, { minFreeInodes: 1 }]) {
    await assert.rejects(ImageCache.open({ driver, ...limits }), { code: 'ERR_INVALID_ARG_VALUE' });
  }
});

test('a foreign writer – far above the limit – is noticed by the next walk', async (t) => {
  const cache = await openCache(t, { maxSize: 100_000 });
  await cache.cacheImage('first', image);
  const foreign = await openDriver(t, { dir: cache.driver.dir });
  for (let i = 0; i < 150; i++) await foreign.writeImage(`foreign ${i}`, image);
  for (let i = 0; i < 100; i++) await cache.cacheImage(`${i}`, image);
  await until(async () => (await cache.driver.getCacheSize()) <= 100_000, 'eviction of foreign images');
});

test('prune() – another process has a stricter limit – goes by it', async (t) => {
  const dir = await temporaryDirectory(t);
  const wide = await openCache(t, { dir, maxSize: 10_000 });
  for (let i = 0; i < 10; i++) await wide.cacheImage(`${i}`, image);
  const strict = await openCache(t, { dir, maxSize: 10_000 });
  assert.equal((await wide.prune()).filesPruned, 0);
  await strict.close();
  const stricter = await openCache(t, { dir, maxSize: 5000 });
  await stricter.cacheImage('new', image);
  assert.deepEqual((await idsOf(wide)).length, 5);
});

test('an eviction – fails in the background – fails no write, is logged', async (t) => {
  const events = listen(t);
  const logger = remembering();
  const cache = await openCache(t, { maxSize: 100_000, logger });
  for (let i = 0; i < 97; i++) await cache.cacheImage(`${i}`, image);
  const boom = new Error('boom');
  const broken = t.mock.method(native, 'beginEvictionForLimitsAsync', async () => Promise.reject(boom));
  assert.equal(await cache.cacheImage('97', image), true);
  await until(() => events.error.length > 0, 'the event');
  broken.mock.restore();
  const { dir } = cache.driver;
  assert.deepEqual(events.error[0], { dir, imageId: undefined, operation: 'auto-prune', error: boom });
  const lines = logger.lines.filter(([level]) => level === 'error');
  assert.deepEqual(lines[0], ['error', { err: boom }, 'could not keep the limits of the cache']);
  await until(async () => {
    await cache.cacheImage(`${performance.now()}`, [bytesOf(1)]);
    return (await cache.driver.getCacheSize()) <= 95_000;
  }, 'the next eviction');
});

test('an eviction – fails for a write that needs it – fails the write, not a tee', async (t) => {
  const cache = await openCache(t, { maxSize: 2000 });
  for (const id of ['a', 'b']) await cache.cacheImage(id, image);
  const boom = Object.assign(new Error('boom'), { code: 'EIO', errno: 5, syscall: 'openat' });
  t.mock.method(native, 'beginEvictionForLimitsAsync', async () => Promise.reject(boom));
  await assert.rejects(within(5000, cache.cacheImage('c', [image]), 'c'), { cause: boom });
  assert.deepEqual((await collect(cache.cachingIterator('c', [image]))).chunks, [image]);
  assert.deepEqual((await collect(await cache.getOrFetch('c', () => [image]))).bytes, image);
  assert.deepEqual(await idsOf(cache), ['a', 'b']);
});

test('failed writes – a write that fits – stay; one that does not fit – go', async (t) => {
  const cache = await openCache(t, { maxSize: 200_000 });
  await (await cache.driver.openForWrite('failed')).rollback('text');
  assert.equal(await cache.cacheImage('first', [image]), true);
  assert.equal((await cache.driver.getInvalidImages()).length, 1);
  await cache.driver.deleteCachedImage('first');
  const broken = await cache.driver.openForWrite('broken');
  await broken.write(bytesOf(1500));
  await broken.rollback('text');
  assert.equal((await cache.driver.getInvalidImages()).length, 2);
  assert.equal(await cache.cacheImage('whole', bytesOf(200_000)), true);
  assert.deepEqual(await cache.driver.getInvalidImages(), []);
});

test('a driver of the cache – proxied – keeps the limits all the same', async (t) => {
  const driver = overriding(await openDriver(t), {});
  const cache = await openCache(t, { driver, maxSize: 2000 });
  for (const id of ['a', 'b', 'c']) await cache.cacheImage(id, image);
  assert.deepEqual(await idsOf(cache), ['b', 'c']);
});
