import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf, readWhole } from '../../support/contents.mjs';

const counted = { counted: true };
const notCounted = { counted: false };

export function counting({ open, tick }) {
  test('hits are 0 before an image is cached and before it is read, then one more with each read', async (t) => {
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

  test('close() again answers as before and counts no second hit', async (t) => {
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

  test('close() twice at once is one hit', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9));
    const reader = await driver.openForRead('image');

    assert.deepEqual(await Promise.all([reader.close(), reader.close()]), [counted, counted]);

    assert.equal(await driver.getHitCount('image'), 1);
  });

  test('a second close() of an image that was deleted meanwhile still says that it was not counted', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9));
    const reader = await driver.openForRead('image');
    await driver.deleteCachedImage('image');

    assert.deepEqual(await reader.close(), notCounted);
    assert.deepEqual(await reader.close(), notCounted);
    assert.deepEqual(reader.closeSync(), notCounted);
  });

  test('an aborted reader counts nothing, and closing it later neither', async (t) => {
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

  test('a reader whose scope was left counts nothing, unless it was closed before', async (t) => {
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

  test('an aborted read marks no access', async (t) => {
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

  test('closing a reader marks the access, when it is closed', async (t) => {
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

  test('a hit without a byte read is a hit', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9));
    const reader = await driver.openForRead('image');
    assert.deepEqual(await reader.close(), counted);
    assert.equal(await driver.getHitCount('image'), 1);
  });

  test('questions neither count nor mark', async (t) => {
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

  test('who closes a reader twice at once is told the same twice, and one hit is counted', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', Buffer.alloc(9_000_000)); // So large that it is let go of in the thread pool.
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

  test('glance B5: of many hits at once none is lost', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(9));

    const readers = await Promise.all(Array.from({ length: 100 }, () => driver.openForRead('image')));
    const answers = await Promise.all(readers.map((reader) => reader.close()));
    await Promise.all(Array.from({ length: 100 }, () => driver.readImage('image')));

    assert.equal(answers.filter((answer) => answer.counted).length, 100);
    assert.equal(await driver.getHitCount('image'), 200);
  });

  test('an image that is written again starts at 0 hits', async (t) => {
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
