import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { ImageCache, XattrDriver } from '../../dist/index.js';
import { collect, openCache } from '../manager/support/caches.mjs';
import { silentAfter } from '../manager/support/sources.mjs';
import { bytesOf } from '../support/contents.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

/** Fails to write `size` bytes. */
async function failToWrite(driver, imageId, size) {
  const writer = await driver.openForWrite(imageId);
  if (size > 0) await writer.write(bytesOf(size));
  await writer.rollback('broken');
}

const sizeOf = (images) => images.reduce((sum, { size }) => sum + size, 0);

test('failed writes – more bytes than the limit – the oldest are removed', async (t) => {
  const driver = await openDriver(t, { limits: { maxInvalidSize: 10_000 } });
  for (let i = 10; i < 60; i++) {
    await failToWrite(driver, `${i}`, 1000);
    const images = await driver.getInvalidImages();
    assert(sizeOf(images) <= 10_000, `${sizeOf(images)} bytes`);
    assert.equal(images[0].imageId, `${i}`);
  }
  assert((await driver.getInvalidImages()).length >= 9);
});

test('failed writes of a Sync writer – above the limit – the oldest are removed', async (t) => {
  const driver = await openDriver(t, { limits: { maxInvalidSize: 3000 } });
  for (let i = 0; i < 9; i++) {
    const writer = driver.openForWriteSync(`${i}`);
    writer.writeSync(bytesOf(1000));
    writer.rollbackSync('broken');
    assert(sizeOf(await driver.getInvalidImages()) <= 3000);
  }
  assert.equal((await driver.getInvalidImages())[0].imageId, '8');
});

test('failed writes without bytes – more than a thousand – the oldest are removed', async (t) => {
  const driver = await openDriver(t);
  for (let i = 0; i < 1100; i++) await failToWrite(driver, `${i}`, 0);
  const names = await readdir(join(driver.dir, 'invalid'));
  assert(names.length <= 1000, `${names.length} files`);
  assert(names.length >= 950, `${names.length} files`);
});

test('a failed write – larger than the limit – keeps only its reason, others stay', async (t) => {
  const driver = await openDriver(t, { limits: { maxInvalidSize: 2000 } });
  await failToWrite(driver, 'small', 1500);
  await failToWrite(driver, 'large', 2001);
  const images = await driver.getInvalidImages();
  assert.deepEqual(images.map(({ imageId, size, error }) => [imageId, size, error]).sort(), [
    ['large', 0, 'broken'],
    ['small', 1500, 'broken'],
  ]);
});

test('failed writes of two drivers – one directory – at most 6 % above the limit', async (t) => {
  const dir = await temporaryDirectory(t);
  const drivers = [];
  for (let i = 0; i < 2; i++) drivers.push(await openDriver(t, { dir, limits: { maxInvalidSize: 100_000 } }));
  for (let i = 0; i < 300; i++) {
    await failToWrite(drivers[i % 2], `${i}`, 1000);
    if (i % 10 === 0) assert(sizeOf(await drivers[0].getInvalidImages()) <= 106_000);
  }
});

test('a corrupt image – quarantined above the limit – the oldest are removed', async (t) => {
  const cache = await openCache(t, { maxInvalidSize: 1500 });
  const { driver } = cache;
  await failToWrite(driver, 'before', 1000);
  await utimes(driver.getImageFilepath('before', 'invalid'), 1, 1);
  const hex = createHash('md5').update(bytesOf(1000)).digest('hex');
  await cache.cacheImage('a', [bytesOf(1000)], { checksum: { algorithm: 'md5', hex } });
  await writeFile(driver.getImageFilepath('a'), bytesOf(1000, 7));
  assert.equal((await cache.verify('a')).result, 'corrupt');
  assert.deepEqual(
    (await driver.getInvalidImages()).map(({ imageId }) => imageId),
    ['a'],
  );
});

for (const [what, leave] of Object.entries({
  'a disposed writer': (cache, i) => writeAnd(cache, i, (writer) => writer[Symbol.asyncDispose]()),
  'a writer with an aborted signal': async (cache, i) => {
    const controller = new AbortController();
    const writer = await cache.driver.openForWrite(`${i}`, { signal: controller.signal });
    await writer.write(bytesOf(1000));
    controller.abort(new Error('enough'));
    await writer.rollback('again');
  },
  'cacheImage() with an aborted signal': async (cache, i) => {
    const controller = new AbortController();
    const caching = cache.cacheImage(`${i}`, silentAfter([bytesOf(1000)]), { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await assert.rejects(caching, { name: 'AbortError' });
  },
  'a destroyed write stream': async (cache, i) => {
    const stream = cache.driver.createWriteStream(`${i}`);
    await new Promise((resolve) => stream.write(bytesOf(1000), resolve));
    await new Promise((resolve) => stream.destroy().once('close', resolve));
  },
  'a write stream with an aborted signal': async (cache, i) => {
    const controller = new AbortController();
    const stream = cache.driver.createWriteStream(`${i}`, { signal: controller.signal }).on('error', () => {});
    await new Promise((resolve) => stream.write(bytesOf(1000), resolve));
    controller.abort();
    await new Promise((resolve) => stream.once('close', resolve));
  },
  'a tee without its consumer': async (cache, i) => {
    const chunks = cache.cachingIterator(`${i}`, [bytesOf(1000), bytesOf(1000)]);
    await chunks.next();
    await chunks.return();
  },
  'a fetch without its consumer': async (cache, i) => {
    const image = await cache.getOrFetch(`${i}`, () => silentAfter([bytesOf(1000)]));
    for await (const _ of image) break;
    while (await cache.driver.isBeingCached(`${i}`)) await new Promise((resolve) => setTimeout(resolve, 10));
  },
})) {
  test(`${what} – image has no fault – leaves nothing`, async (t) => {
    const cache = await openCache(t);
    for (let i = 0; i < 3; i++) await leave(cache, i);
    for (const part of ['incomplete', 'invalid']) assert.deepEqual(await readdir(join(cache.driver.dir, part)), []);
  });
}

async function writeAnd(cache, i, end) {
  const writer = await cache.driver.openForWrite(`${i}`);
  await writer.write(bytesOf(1000));
  await end(writer);
}

test('a failing source – of a tee, cacheImage(), a fetch – is kept with its error', async (t) => {
  const cache = await openCache(t);
  const failing = async function* () {
    yield bytesOf(1000);
    throw new Error('broken');
  };
  await collect(cache.cachingIterator('a', failing()));
  await assert.rejects(cache.cacheImage('b', failing()));
  await collect(await cache.getOrFetch('c', failing));
  const images = await cache.driver.getInvalidImages();
  assert.deepEqual(images.map(({ imageId }) => imageId).sort(), ['a', 'b', 'c']);
  for (const { error } of images) assert.match(error, /broken$/);
});

test('maxInvalidSize – of a cache – is 1 % of its limit, refused beside a driver', async (t) => {
  const cache = await openCache(t, { maxSize: 100_000 });
  for (let i = 0; i < 5; i++) await failToWrite(cache.driver, `${i}`, 400);
  assert(sizeOf(await cache.driver.getInvalidImages()) <= 1000);

  for (const bad of ['1', -1, 1.5, null, Number.NaN]) {
    const dir = await temporaryDirectory(t);
    await assert.rejects(ImageCache.open({ dir, maxInvalidSize: bad }), /maxInvalidSize/);
    assert.throws(() => new XattrDriver({ dir, limits: { maxInvalidSize: bad } }), /options\.limits\.maxInvalidSize/);
  }
  const driver = new XattrDriver({ dir: await temporaryDirectory(t) });
  await assert.rejects(ImageCache.open({ driver, maxInvalidSize: 1 }), { code: 'ERR_INVALID_ARG_VALUE' });
});
