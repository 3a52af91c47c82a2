import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { ImageCache, XattrDriver } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { MemoryDriver } from '../support/memory-driver.mjs';
import { runScript } from '../support/run-script.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { plantFile } from '../support/xattr-driver.mjs';
import { collect, openCache, overEachDriver } from './support/caches.mjs';
import { untouched } from './support/sources.mjs';

const openAgain = async (dir) => {
  const driver = await XattrDriver.open({ dir });
  await driver.close();
};

overEachDriver('a cache', (open) => {
  test('a cache – closed – refuses every call', async (t) => {
    const cache = await open(t);
    await cache.close();
    const source = untouched();
    const operations = {
      prune: () => cache.prune(),
      clean: () => cache.clean(),
      queueImage: () => cache.queueImage('image'),
      prefetch: () => cache.prefetch(() => source),
      cacheImage: () => cache.cacheImage('image', source),
      cachingIterator: () => cache.cachingIterator('image', source).next(),
      stats: () => cache.stats(),
    };
    for (const [name, operation] of Object.entries(operations)) {
      await assert.rejects(operation(), { name: 'NotOpenError', code: 'ERR_NOT_OPEN' }, name);
    }
    assert.equal(source.touched, false);
  });

  test('a cache – given a driver, closed twice – leaves that driver open', async (t) => {
    const cache = await open(t);
    await cache.close();
    await cache.close();
    assert.equal(await cache.driver.isCached('image'), false);
  });

  test('a tee – cache closed meanwhile – still passes everything on and caches it', async (t) => {
    const cache = await open(t);
    const parts = [bytesOf(10, 1), bytesOf(10, 2)];
    const chunks = cache.cachingIterator('image', parts);
    const first = await chunks.next();
    await cache.close();
    assert.deepEqual([first.value, ...(await collect(chunks)).chunks], parts);
    assert.equal(await cache.driver.isCached('image'), true);
  });

  test('a cache – opened – has its driver and its limit', async (t) => {
    const cache = await open(t, { maxSize: 12_345 });
    assert.equal(cache.maxSize, 12_345);
    assert.equal(await cache.driver.getCacheSize(), 0);
    assert.equal((await open(t)).maxSize, 10 * 1024 ** 3);
  });

  test('stats() – images in every state – sums them up', async (t) => {
    const cache = await open(t, { maxSize: 5000 });
    const empty = await cache.stats();
    assert.deepEqual(
      [empty.images, empty.size, empty.hits, empty.oldestAccessMs, empty.newestAccessMs],
      [0, 0, 0, undefined, undefined],
    );

    const before = Date.now() - 1000;
    await cache.cacheImage('a', bytesOf(1000));
    await cache.cacheImage('b', bytesOf(2000));
    for (const id of ['a', 'a', 'b']) await cache.driver.readImage(id);
    await cache.queueImage('queued');
    await (await cache.driver.openForWrite('failed')).rollback('boom');
    const writer = await cache.driver.openForWrite('writing');

    const stats = await cache.stats();
    const { images, size, maxSize, hits, incomplete, invalid, queued } = stats;
    assert.deepEqual({ images, size, maxSize, hits }, { images: 2, size: 3000, maxSize: 5000, hits: 3 });
    assert.deepEqual({ incomplete, invalid, queued }, { incomplete: 1, invalid: 1, queued: 1 });
    assert(stats.allocatedSize >= 3000);
    assert(before <= stats.oldestAccessMs && stats.oldestAccessMs <= stats.newestAccessMs);
    assert(stats.newestAccessMs <= Date.now() + 1000);
    assert(stats.freeBytes > 0 && stats.freeInodes > 0);
    assert.equal(stats.dir, cache.driver.dir ?? '');
    await writer.rollback('done');
  });

  test('stats() – more images than one batch – sums them all up', async (t) => {
    const cache = await open(t, { autoPrune: false });
    await Promise.all(Array.from({ length: 1500 }, (_, i) => cache.driver.writeImage(`${i}`, bytesOf(1))));
    const { images, size } = await cache.stats();
    assert.deepEqual({ images, size }, { images: 1500, size: 1500 });
  });

  test('queueImage() – image queued or cached – returns false', async (t) => {
    const cache = await open(t);
    assert.equal(await cache.queueImage('image'), true);
    assert.equal(await cache.queueImage('image'), false);
    await cache.cacheImage('image', bytesOf(1));
    assert.equal(await cache.queueImage('image'), false);
    await assert.rejects(cache.queueImage('a/b'), { code: 'ERR_INVALID_IMAGE_ID' });
  });

  test('clean() – invalid arguments – refuses them', async (t) => {
    const cache = await open(t);
    for (const time of [-1, Number.NaN]) await assert.rejects(cache.clean(time), { code: 'ERR_OUT_OF_RANGE' });
    for (const time of [null, '1', {}]) await assert.rejects(cache.clean(time), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});

test('a cache’s own driver – cache closed or disposed – is closed, too', async (t) => {
  const dir = await temporaryDirectory(t);
  for (const close of ['close', Symbol.asyncDispose]) {
    const cache = await ImageCache.open({ dir });
    assert(cache.driver instanceof XattrDriver);
    assert.equal(cache.driver.dir, dir);
    await cache[close]();
    await assert.rejects(cache.driver.isCached('image'), { code: 'ERR_NOT_OPEN' });
  }
  await openAgain(dir);
});

test('a driver – configured before or not – is accepted', async (t) => {
  const configured = await XattrDriver.open({ dir: await temporaryDirectory(t) });
  const fresh = new XattrDriver({ dir: await temporaryDirectory(t) });
  for (const driver of [configured, fresh]) {
    const cache = await openCache(t, { driver });
    assert.equal(await cache.cacheImage('image', bytesOf(1)), true);
  }
});

test('the stall time – of call, cache, driver or default – is taken in that order', async (t) => {
  const cleaned = async (options, ...args) => {
    const cache = await openCache(t, options);
    for (const [id, ageSeconds] of Object.entries({ minute: 60, hours: 7200, days: 200_000 })) {
      await plantFile(join(cache.driver.dir, 'incomplete', id), ageSeconds);
    }
    await plantFile(join(cache.driver.dir, 'invalid', 'fresh'), 0);
    return await cache.clean(...args);
  };
  const driverWith = async (options) => new XattrDriver({ dir: await temporaryDirectory(t), ...options });

  assert.deepEqual(await cleaned({}), { invalidReaped: 1, stalledReaped: 1 });
  assert.deepEqual(await cleaned({ stallTimeSeconds: 3600 }), { invalidReaped: 1, stalledReaped: 2 });
  assert.deepEqual(await cleaned({ driver: await driverWith({ stallTimeSeconds: 3600 }) }), {
    invalidReaped: 1,
    stalledReaped: 2,
  });
  const both = { driver: await driverWith({ stallTimeSeconds: 3600 }), stallTimeSeconds: 30 };
  assert.deepEqual(await cleaned(both), { invalidReaped: 1, stalledReaped: 3 });
  assert.deepEqual(await cleaned({}, 3600), { invalidReaped: 1, stalledReaped: 2 });
  assert.deepEqual(await cleaned({}, 0), { invalidReaped: 1, stalledReaped: 3 });
});

test('a directory – unusable – is a BadDriverConfiguration', async () => {
  for (const dir of ['/dev/null', '']) {
    await assert.rejects(ImageCache.open({ dir }), { name: 'BadDriverConfiguration' });
  }
});

test('options – invalid – are refused', async () => {
  const driver = new MemoryDriver();
  const refused = {
    ERR_INVALID_ARG_VALUE: [{}, { dir: '/tmp', driver }],
    ERR_INVALID_ARG_TYPE: [
      undefined,
      null,
      7,
      'dir',
      { dir: 7 },
      { driver: 7 },
      { driver, maxSize: '1' },
      { driver, autoPrune: 1 },
      { driver, lowWatermark: '0.9' },
      { driver, stallTimeSeconds: '1' },
    ],
    ERR_OUT_OF_RANGE: [
      { driver, maxSize: -1 },
      { driver, maxSize: Number.NaN },
      { driver, maxSize: 1.5 },
      { driver, maxSize: Number.POSITIVE_INFINITY },
      { driver, lowWatermark: -0.1 },
      { driver, lowWatermark: 1.1 },
      { driver, lowWatermark: Number.NaN },
      { driver, stallTimeSeconds: -1 },
    ],
  };
  for (const [code, all] of Object.entries(refused)) {
    for (const options of all) await assert.rejects(ImageCache.open(options), { code });
  }
});

test('a process – cache not closed – prunes, then ends', async (t) => {
  const script = `
    const { ImageCache } = xattrCache;
    const cache = await ImageCache.open({ dir: args[0], maxSize: 1000 });
    for (let i = 0; i < 10; i++) await cache.cacheImage(String(i), [Buffer.alloc(100)]);
    for await (const _ of cache.cachingIterator('teed', [Buffer.alloc(100)]));
    console.log('cached');`;
  const dir = await temporaryDirectory(t);
  assert.equal(await runScript(script, [dir]), 'cached\n');
  const { size } = await (await openCache(t, { dir })).stats();
  assert.equal(size, 900);
});
