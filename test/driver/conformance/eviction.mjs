import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf, readWhole } from '../../support/contents.mjs';
import { assertAborted, imageIds, refusesArgument } from './assertions.mjs';

const evictedIds = (result) => result.images.map((image) => image.imageId);

/** `evictTo` and `getLeastRecentlyAccessed`. */
export function eviction({ open, tick }) {
  /** Writes ten images of 1 KiB and reads them, not in the order of their names. '99' comes last and is never read. */
  async function elevenImages(t) {
    const driver = await open(t);
    const order = ['5', '0', '9', '2', '7', '1', '8', '3', '6', '4'];
    for (let i = 0; i < 10; i++) await driver.writeImage(`${i}`, Buffer.alloc(1024, '*'));
    await tick();
    for (const id of order) {
      await driver.readImage(id);
      await tick();
    }
    await driver.writeImage('99', Buffer.alloc(1024, '*'));
    return { driver, order };
  }

  test('evictTo() – target below the size – evicts the least recently read, no more', async (t) => {
    const { driver, order } = await elevenImages(t);

    const result = await driver.evictTo(5 * 1024);

    assert.deepEqual(evictedIds(result), order.slice(0, 6));
    assert.equal(result.filesEvicted, 6);
    assert.equal(result.bytesEvicted, 6 * 1024);
    assert.deepEqual(await imageIds(driver), [...order.slice(6), '99'].sort());
    assert.equal(await driver.getCacheSize(), 5 * 1024);
  });

  test('glance B9: evictTo() – target 0 – evicts in the exact order of last reads', async (t) => {
    const { driver, order } = await elevenImages(t);
    assert.deepEqual(evictedIds(await driver.evictTo(0)), [...order, '99']);
  });

  test('evictTo() – dry run – reports the victims, removes nothing', async (t) => {
    const { driver, order } = await elevenImages(t);
    const before = await driver.getCachedImages();

    const planned = await driver.evictTo(5 * 1024, { dryRun: true });

    assert.deepEqual(await driver.getCachedImages(), before);
    assert.deepEqual(evictedIds(planned), order.slice(0, 6));
    assert.deepEqual(await driver.evictTo(5 * 1024, { dryRun: true }), planned);
    assert.deepEqual(await driver.evictTo(5 * 1024), planned);
  });

  test('evictTo() – size equal to the target – evicts nothing', async (t) => {
    const { driver, order } = await elevenImages(t);
    const nothing = { filesEvicted: 0, bytesEvicted: 0, images: [] };

    assert.deepEqual(await driver.evictTo(11 * 1024), nothing);
    assert.deepEqual(await driver.evictTo(Number.MAX_SAFE_INTEGER), nothing);
    assert.equal((await driver.getCachedImages()).length, 11);

    assert.deepEqual(evictedIds(await driver.evictTo(11 * 1024 - 1)), order.slice(0, 1));
  });

  test('evictTo() – target 0 – empties the cache', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(1024));
    await driver.readImage('image');

    const { filesEvicted, bytesEvicted } = await driver.evictTo(0);

    assert.deepEqual({ filesEvicted, bytesEvicted }, { filesEvicted: 1, bytesEvicted: 1024 });
    assert.equal(await driver.getCacheSize(), 0);
    assert.equal(await driver.isCached('image'), false);
    assert.deepEqual(await driver.evictTo(0), { filesEvicted: 0, bytesEvicted: 0, images: [] });
  });

  test('evictTo() – images evicted – reports their size, hits and last access', async (t) => {
    const driver = await open(t);
    await driver.writeImage('a', bytesOf(100));
    await driver.writeImage('b', bytesOf(200));
    await tick();
    for (const id of ['b', 'b', 'b']) await driver.readImage(id);
    await tick();
    await driver.readImage('a');
    const [a, b] = await driver.getCachedImages();

    const { images, bytesEvicted } = await driver.evictTo(0);

    assert.equal(bytesEvicted, 300);
    assert.deepEqual(images, [
      { imageId: 'b', size: 200, hits: 3, lastAccessedMs: b.lastAccessedMs },
      { imageId: 'a', size: 100, hits: 1, lastAccessedMs: a.lastAccessedMs },
    ]);
  });

  test('evictTo() – images of different sizes – goes by last access, not size', async (t) => {
    const driver = await open(t);
    const sizes = { large: 10_000, small: 10, medium: 1000, tiny: 1 };
    for (const [id, size] of Object.entries(sizes)) {
      await driver.writeImage(id, bytesOf(size));
      await tick();
    }
    await driver.readImage('large');

    assert.deepEqual(evictedIds(await driver.evictTo(10_500)), ['small', 'medium']);
    assert.deepEqual(evictedIds(await driver.evictTo(10_000)), ['tiny']);
    assert.deepEqual(evictedIds(await driver.evictTo(9999)), ['large']);
  });

  test('getLeastRecentlyAccessed() – writes and reads – names the oldest access', async (t) => {
    const driver = await open(t);
    assert.equal(await driver.getLeastRecentlyAccessed(), undefined);
    await driver.writeImage('z', bytesOf(3));
    await tick();
    await driver.writeImage('a', bytesOf(2));
    await tick();
    assert.deepEqual(await driver.getLeastRecentlyAccessed(), { imageId: 'z', size: 3 });

    await driver.readImage('z');
    assert.deepEqual(await driver.getLeastRecentlyAccessed(), { imageId: 'a', size: 2 });

    await tick();
    await driver.readImage('a');
    assert.deepEqual(await driver.getLeastRecentlyAccessed(), { imageId: 'z', size: 3 });
    await driver.deleteCachedImage('z');
    assert.deepEqual(await driver.getLeastRecentlyAccessed(), { imageId: 'a', size: 2 });
  });

  test('evictTo() – image written again – treats it as recently used', async (t) => {
    const driver = await open(t);
    for (const id of ['a', 'b']) {
      await driver.writeImage(id, bytesOf(10));
      await tick();
      await driver.readImage(id);
      await tick();
    }
    await driver.writeImage('a', bytesOf(10));

    assert.deepEqual(evictedIds(await driver.evictTo(0)), ['b', 'a']);
  });

  test('an image – evicted while read – is read to its end, its hit not counted', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(100_000));
    const reader = await driver.openForRead('image');

    const { images } = await driver.evictTo(0);

    assert.equal(images[0].hits, 0);
    assert.deepEqual(await readWhole(reader), bytesOf(100_000));
    assert.deepEqual(await reader.close(), { counted: false });
    assert.equal(await driver.isCached('image'), false);
  });

  test('evictTo() – writers, queue and failed writes – leaves them alone', async (t) => {
    const driver = await open(t);
    await driver.queueImage('queued');
    await (await driver.openForWrite('failed')).rollback('boom');
    const writer = await driver.openForWrite('writing');
    await writer.write(bytesOf(1000));

    assert.equal((await driver.evictTo(0)).filesEvicted, 0);

    await writer.commit();
    assert.equal(await driver.isCached('writing'), true);
    assert.equal(await driver.isQueued('queued'), true);
    assert.equal((await driver.getInvalidImages()).length, 1);
  });

  test('glance B11: evictions – three concurrently – together evict what one would', async (t) => {
    const driver = await open(t);
    for (let i = 0; i < 200; i++) await driver.writeImage(`${i}`, bytesOf(100));

    const results = await Promise.all([driver.evictTo(15_000), driver.evictTo(15_000), driver.evictTo(15_000)]);

    const gone = results.flatMap(evictedIds);
    assert.equal(gone.length, 50);
    assert.equal(new Set(gone).size, 50);
    assert.equal(
      results.reduce((sum, result) => sum + result.bytesEvicted, 0),
      5000,
    );
    assert.equal(await driver.getCacheSize(), 15_000);
  });

  test('hits – evictions meanwhile – are on an image or in the report', async (t) => {
    const driver = await open(t);
    for (let i = 0; i < 20; i++) await driver.writeImage(`${i}`, bytesOf(100));
    let counted = 0;
    const read = async (id) => {
      const reader = await driver.openForRead(id).catch((error) => assert.equal(error.code, 'ERR_IMAGE_NOT_FOUND'));
      const answer = await reader?.close();
      if (answer?.counted) counted += 1;
    };

    const reads = Array.from({ length: 400 }, (_, i) => read(`${i % 20}`));
    const { images } = await driver.evictTo(1000);
    await Promise.all([...reads, ...Array.from({ length: 100 }, (_, i) => read(`${i % 20}`))]);

    const left = await driver.getCachedImages();
    const hits = [...images, ...left].reduce((sum, image) => sum + image.hits, 0);
    assert.equal(images.length + left.length, 20);
    assert(counted > 0);
    assert.equal(hits, counted);
  });

  test('evictTo() – aborted before it begins – removes nothing', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(10));
    await assertAborted(driver.evictTo(0, { signal: AbortSignal.abort() }));
    assert.equal(await driver.isCached('image'), true);
  });

  test('evictTo() – invalid target – is refused, removes nothing', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(10));
    for (const target of [-1, Number.NaN, '0', undefined, null, {}, [0]]) {
      await refusesArgument(() => driver.evictTo(target));
    }
    await refusesArgument(() => driver.evictTo(0, { signal: 'now' }));
    assert.equal(await driver.isCached('image'), true);
  });
}
