import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf, readWhole } from '../../support/contents.mjs';

const counted = { counted: true };
const notCounted = { counted: false };

export function counting({ open, tick }) {
  test('hits – image not cached, cached, read – are 0, 0, one more for each read', async (t) => {
    const driver = await open(t);
    assert.equal(await driver.getHitCount('image'), 0);
    await driver.writeImage('image', bytesOf(9));
    assert.equal(await driver.getHitCount('image'), 0);

    await driver.readImage('image');
    assert.equal(await driver.getHitCount('image'), 1);

    const reader = await driver.openForRead('image');
    await readWhole(reader);
    assert.equal(await driver.getHitCount('image'), 1);
    assert.deepEqual(await reader.close(), counted);
    assert.equal(await driver.getHitCount('image'), 2);

    const another = await driver.openForRead('image');
    assert.deepEqual(another.closeSync(), counted);
    assert.equal(await driver.getHitCount('image'), 3);
  });

  test('close() – called again – returns the same, counts no second hit', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9));
    const reader = await driver.openForRead('image');

    assert.deepEqual(await reader.close(), counted);
    assert.deepEqual(await reader.close(), counted);
    assert.deepEqual(reader.closeSync(), counted);
    await reader.abort();
    reader.abortSync();
    await reader[Symbol.asyncDispose]();
    assert.deepEqual(await reader.close(), counted);

    assert.equal(await driver.getHitCount('image'), 1);
  });

  test('close() – twice concurrently – counts one hit', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9));
    const reader = await driver.openForRead('image');

    assert.deepEqual(await Promise.all([reader.close(), reader.close()]), [counted, counted]);

    assert.equal(await driver.getHitCount('image'), 1);
  });

  test('close() – again, image deleted before – still returns that it did not count', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9));
    const reader = await driver.openForRead('image');
    await driver.deleteCachedImage('image');

    assert.deepEqual(await reader.close(), notCounted);
    assert.deepEqual(await reader.close(), notCounted);
    assert.deepEqual(reader.closeSync(), notCounted);
  });

  test('a reader – aborted, then closed – counts no hit', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9));

    const reader = await driver.openForRead('image');
    await readWhole(reader);
    await reader.abort();
    await reader.abort();
    assert.deepEqual(await reader.close(), notCounted);
    const another = await driver.openForRead('image');
    another.abortSync();
    another.abortSync();
    assert.deepEqual(another.closeSync(), notCounted);

    assert.equal(await driver.getHitCount('image'), 0);
  });

  test('a reader – disposed – counts no hit, unless it was closed before', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9));

    const left = await driver.openForRead('image');
    await readWhole(left);
    await left[Symbol.asyncDispose]();
    assert.equal(await driver.getHitCount('image'), 0);

    const closed = await driver.openForRead('image');
    await closed.close();
    await closed[Symbol.asyncDispose]();
    assert.equal(await driver.getHitCount('image'), 1);
  });

  test('an aborted read – on any image – marks no access', async (t) => {
    const driver = await open(t);
    await driver.writeImage('older', bytesOf(9));
    await tick();
    await driver.writeImage('newer', bytesOf(9));
    await tick();
    const before = await driver.getCachedImages();

    const reader = await driver.openForRead('older');
    await readWhole(reader);
    await reader.abort();

    assert.deepEqual(await driver.getCachedImages(), before);
    assert.equal((await driver.getLeastRecentlyAccessed()).imageId, 'older');
  });

  test('close() – after a read – marks the access at that time', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9));
    const [{ lastAccessedMs: written }] = await driver.getCachedImages();
    await tick();
    const reader = await driver.openForRead('image');
    await readWhole(reader);
    const closedAt = Date.now();
    await reader.close();

    const [{ lastAccessedMs }] = await driver.getCachedImages();

    assert(lastAccessedMs > written);
    assert(Math.abs(lastAccessedMs - closedAt) < 1000, `${lastAccessedMs} for an access at ${closedAt}`);
  });

  test('close() – no byte read – counts a hit', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9));
    const reader = await driver.openForRead('image');
    assert.deepEqual(await reader.close(), counted);
    assert.equal(await driver.getHitCount('image'), 1);
  });

  test('queries – on a cached image – neither count hits nor mark accesses', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9));
    await driver.readImage('image');
    const before = await driver.getCachedImages();
    await tick();

    await driver.isCached('image');
    await driver.isCacheable('image');
    await driver.isBeingCached('image');
    await driver.isQueued('image');
    await driver.getImageSize('image');
    await driver.getHitCount('image');
    await driver.getCacheSize();
    await driver.getLeastRecentlyAccessed();
    await driver.queueImage('image');
    await driver.evictTo(0, { dryRun: true });
    await driver.clean(0);

    assert.deepEqual(await driver.getCachedImages(), before);
    assert.equal(before[0].hits, 1);
  });

  test('close() – fifty concurrent calls on a large image – counts one hit', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', Buffer.alloc(9_000_000)); // Large enough to be closed in the thread pool.
    const reader = await driver.openForRead('image');
    const closings = [];
    while (closings.length < 50) {
      closings.push(reader.close());
      await null;
    }
    const answers = await Promise.all(closings);
    assert(answers.every(({ counted }) => counted));
    assert.equal(await driver.getHitCount('image'), 1);
  });

  test('glance B5: hits – many concurrently – none is lost', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9));

    const readers = await Promise.all(Array.from({ length: 100 }, () => driver.openForRead('image')));
    const answers = await Promise.all(readers.map((reader) => reader.close()));
    await Promise.all(Array.from({ length: 100 }, () => driver.readImage('image')));

    assert.equal(answers.filter((answer) => answer.counted).length, 100);
    assert.equal(await driver.getHitCount('image'), 200);
  });

  test('an image – written again – starts at 0 hits', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9, 1));
    await driver.readImage('image');

    await driver.writeImage('image', bytesOf(9, 2));
    assert.equal(await driver.getHitCount('image'), 0);

    await driver.readImage('image');
    const writer = await driver.openForWrite('image');
    assert.equal(await driver.getHitCount('image'), 1);
    await writer.commit();
    assert.equal(await driver.getHitCount('image'), 0);
  });
}
