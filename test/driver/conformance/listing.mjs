import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf } from '../../support/contents.mjs';
import { imageIds } from './assertions.mjs';

export function listing({ open, tick }) {
  test('the list – images written and read – has the metadata of each', async (t) => {
    const driver = await open(t);
    const before = Date.now();
    await driver.writeImage('b', bytesOf(5000));
    await driver.writeImage('a', bytesOf(10));
    await tick();
    await driver.readImage('b');
    await driver.readImage('b');
    const after = Date.now();

    const [a, b, ...others] = await driver.getCachedImages();

    assert.deepEqual(others, []);
    assert.deepEqual([a.imageId, a.size, a.hits], ['a', 10, 0]);
    assert.deepEqual([b.imageId, b.size, b.hits], ['b', 5000, 2]);
    assert.deepEqual(Object.keys(a).sort(), keys);
    for (const image of [a, b]) {
      assert(Number.isSafeInteger(image.allocatedSize) && image.allocatedSize >= 0);
      assert(image.lastModifiedMs > before - 1000 && image.lastModifiedMs < after + 1000);
      assert(image.lastAccessedMs > before - 1000 && image.lastAccessedMs < after + 1000);
    }
    assert(b.lastAccessedMs > b.lastModifiedMs);
    assert(b.lastAccessedMs > a.lastAccessedMs);
  });

  test('the list – any ids – is ordered by the bytes of the id', async (t) => {
    const driver = await open(t);
    // In UTF-16, an emoji begins with 0xd83d and so comes before U+FF5E; in UTF-8 it comes after it.
    const ordered = [
      '-',
      '0',
      '1',
      '10',
      '2',
      'A',
      'Z',
      'a',
      'aa',
      'b',
      '~',
      'é',
      '日',
      '\uff5e',
      '\u{1f600}',
      '\u{10ffff}',
    ];
    for (const id of ordered.toReversed()) await driver.writeImage(id, bytesOf(1));

    assert.deepEqual(await imageIds(driver), ordered);
  });

  test('the batches – 300 images – hold the images of the list, each once', async (t) => {
    const driver = await open(t);
    for (let i = 0; i < 300; i++) await driver.writeImage(`image-${i}`, bytesOf(i));
    await driver.readImage('image-7');

    const images = [];
    for await (const batch of driver.cachedImages()) images.push(...batch);

    const list = await driver.getCachedImages();
    assert.equal(list.length, 300);
    images.sort((a, b) => (a.imageId < b.imageId ? -1 : 1));
    assert.deepEqual(images, list);
  });

  test('the batches – abandoned early – can be read again', async (t) => {
    const driver = await open(t);
    for (let i = 0; i < 10; i++) await driver.writeImage(`${i}`, bytesOf(1));

    let batches = 0;
    for await (const batch of driver.cachedImages()) {
      assert(batch.length > 0);
      batches += 1;
      break;
    }
    assert.equal(batches, 1);

    let images = 0;
    for await (const batch of driver.cachedImages()) images += batch.length;
    assert.equal(images, 10);
  });

  test('the size of the cache – other files present – is the sum of its images', async (t) => {
    const driver = await open(t);
    await driver.writeImage('a', bytesOf(1000));
    await driver.writeImage('b', bytesOf(234));
    await driver.queueImage('queued');
    const failed = await driver.openForWrite('failed');
    await failed.write(bytesOf(5000));
    await failed.rollback('boom');
    const writer = await driver.openForWrite('writing');
    await writer.write(bytesOf(5000));

    assert.equal(await driver.getCacheSize(), 1234);
    assert.deepEqual(await imageIds(driver), ['a', 'b']);

    await writer.commit();
    assert.equal(await driver.getCacheSize(), 6234);
    await driver.deleteCachedImage('a');
    assert.equal(await driver.getCacheSize(), 5234);
  });

  test('deleteCachedImage() – two images – removes the one, keeps the other', async (t) => {
    const driver = await open(t);
    await driver.writeImage('a', bytesOf(10));
    await driver.writeImage('b', bytesOf(10));

    await driver.deleteCachedImage('a');

    assert.equal(await driver.isCached('a'), false);
    assert.equal(await driver.isCacheable('a'), true);
    assert.deepEqual(await imageIds(driver), ['b']);
  });

  test('deleteAllCachedImages() – two images – removes both, returns 2', async (t) => {
    const driver = await open(t);
    await driver.writeImage('a', bytesOf(10));
    await driver.writeImage('b', bytesOf(10));

    assert.equal(await driver.deleteAllCachedImages(), 2);

    assert.equal(await driver.isCached('a'), false);
    assert.equal(await driver.isCached('b'), false);
    assert.equal(await driver.getCacheSize(), 0);
  });

  test('getUsage() – files in every state – counts them, reports the free space', async (t) => {
    const driver = await open(t);
    await driver.writeImage('cached', bytesOf(10));
    await driver.queueImage('queued 1');
    await driver.queueImage('queued 2');
    await (await driver.openForWrite('failed 1')).rollback('boom');
    await (await driver.openForWrite('failed 2')).rollback('boom');
    await (await driver.openForWrite('failed 3')).rollback('boom');
    const writer = await driver.openForWrite('writing');
    await writer.write(bytesOf(10));

    const { incomplete, invalid, queued, freeBytes, freeInodes } = await driver.getUsage();

    assert.deepEqual({ incomplete, invalid, queued }, { incomplete: 1, invalid: 3, queued: 2 });
    assert(freeBytes > 0);
    assert(freeInodes >= 0);
    await writer.commit();
  });

  test('glance B8: images – deleted while they are listed – fail no listing', async (t) => {
    const driver = await open(t);
    const ids = Array.from({ length: 400 }, (_, i) => `${i}`);
    for (const id of ids) await driver.writeImage(id, bytesOf(10));
    await driver.writeImage('stays', bytesOf(10));

    const deletions = (async () => {
      for (const id of ids) await driver.deleteCachedImage(id);
    })();
    const walks = [];
    let gone = false;
    const done = deletions.then(() => {
      gone = true;
    });
    while (!gone) {
      walks.push(await imageIds(driver));
      await driver.getCacheSize();
      await driver.getLeastRecentlyAccessed();
      await driver.evictTo(1_000_000);
      await driver.clean();
    }
    await done;

    assert(walks.length > 0);
    for (const walk of walks) assert(walk.includes('stays'));
    assert.deepEqual(await imageIds(driver), ['stays']);
  });
}

const keys = ['allocatedSize', 'hits', 'imageId', 'lastAccessedMs', 'lastModifiedMs', 'size'];
