import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf, readWhole } from '../../support/contents.mjs';
import { failsTyped, refusesArgument } from './assertions.mjs';

export function reading({ open }) {
  test('an image – written – is cached, and not before', async (t) => {
    const driver = await open(t);
    assert.equal(await driver.isCached('image'), false);
    assert.equal(await driver.isCacheable('image'), true);

    await driver.writeImage('image', Buffer.alloc(1024, '*'));

    assert.equal(await driver.isCached('image'), true);
    assert.equal(await driver.isCacheable('image'), false);
    assert.equal(await driver.isBeingCached('image'), false);
  });

  test('a reader – any image – gives exactly its bytes, the image stays cached', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', Buffer.alloc(1024, '*'));

    const reader = await driver.openForRead('image');
    assert.deepEqual(await readWhole(reader), Buffer.alloc(1024, '*'));
    await reader.close();

    assert.equal(await driver.isCached('image'), true);
  });

  test('getImageSize() – before and after a write – returns 0, then the length', async (t) => {
    const driver = await open(t);
    assert.equal(await driver.getImageSize('image'), 0);
    await driver.writeImage('image', bytesOf(1024));
    assert.equal(await driver.getImageSize('image'), 1024);
  });

  test('images – lengths around the block sizes – are read back whole', async (t) => {
    const driver = await open(t);
    const sizes = [0, 1, 4095, 4096, 4097, 65_535, 65_536, 65_537, 1_048_576, 3_145_729];

    for (const size of sizes) await driver.writeImage(`${size}`, bytesOf(size, size));

    for (const size of sizes) {
      const bytes = await driver.readImage(`${size}`);
      assert.equal(Buffer.compare(bytes, bytesOf(size, size)), 0, `${size} bytes`);
      const reader = await driver.openForRead(`${size}`);
      assert.equal(reader.size, size);
      assert.equal(Buffer.compare(await readWhole(reader), bytes), 0, `${size} bytes, by read()`);
      await reader.close();
    }
  });

  test('openForRead() – image not cached – fails as not found', async (t) => {
    const driver = await open(t);
    await assert.rejects(driver.openForRead('image'), { code: 'ERR_IMAGE_NOT_FOUND', imageId: 'image' });
  });

  test('a reader – opened – has the image’s id, size and age', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(10));
    const reader = await driver.openForRead('image');

    assert.equal(reader.imageId, 'image');
    assert.equal(reader.size, 10);
    assert(Math.abs(Date.now() - reader.lastModifiedMs) < 10_000);
    await reader.abort();
  });

  test('read() – part of a buffer – fills that part only', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(100));
    const reader = await driver.openForRead('image');
    const buffer = Buffer.alloc(30, 0xee);

    assert.equal(await reader.read(buffer, 10, 10, 50), 10);

    const expected = Buffer.concat([Buffer.alloc(10, 0xee), bytesOf(100).subarray(50, 60), Buffer.alloc(10, 0xee)]);
    assert.deepEqual(buffer, expected);
    buffer.fill(0xee);
    assert.equal(reader.readSync(buffer, 10, 10, 50), 10);
    assert.deepEqual(buffer, expected);
    await reader.abort();
  });

  test('read() – view into a larger memory – fills the view only', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(100));
    const reader = await driver.openForRead('image');
    const memory = new Uint8Array(32);
    const view = new Uint8Array(memory.buffer, 8, 16);

    assert.equal(await reader.read(view, 4, 8, 0), 8);

    assert.deepEqual(
      Buffer.from(memory),
      Buffer.concat([Buffer.alloc(12), bytesOf(100).subarray(0, 8), Buffer.alloc(12)]),
    );
    await reader.abort();
  });

  test('read() – at and after the end – returns a short count, then 0', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(100));
    const reader = await driver.openForRead('image');
    const buffer = Buffer.alloc(50);

    for (const read of [(...where) => reader.read(...where), async (...where) => reader.readSync(...where)]) {
      assert.equal(await read(buffer, 0, 50, 90), 10);
      assert.deepEqual(buffer.subarray(0, 10), bytesOf(100).subarray(90));
      assert.equal(await read(buffer, 0, 50, 100), 0);
      assert.equal(await read(buffer, 0, 50, 1_000_000), 0);
      assert.equal(await read(buffer, 0, 0, 0), 0);
      assert.equal(await read(buffer, 50, 0, 0), 0);
    }
    await reader.abort();
  });

  test('read() – invalid arguments – refuses them', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(100));
    const reader = await driver.openForRead('image');
    const buffer = Buffer.alloc(10);
    const wrong = [
      ['text', 0, 4, 0],
      [null, 0, 4, 0],
      [[1, 2, 3], 0, 1, 0],
      [buffer, -1, 4, 0],
      [buffer, 11, 0, 0],
      [buffer, 0, 11, 0],
      [buffer, 5, 6, 0],
      [buffer, 0, -1, 0],
      [buffer, 0, 4, -1],
      [buffer, 0.5, 4, 0],
      [buffer, 0, 4, 0.5],
      [buffer, 0, 4, Number.NaN],
      [buffer, '0', 4, 0],
      [buffer, 0, '4', 0],
      [buffer, 0, 4, '0'],
    ];

    for (const where of wrong) {
      await refusesArgument(() => reader.read(...where));
      await refusesArgument(() => reader.readSync(...where));
    }

    assert.equal(await reader.read(buffer, 0, 10, 0), 10);
    assert.deepEqual(buffer, bytesOf(100).subarray(0, 10));
    await reader.close();
  });

  test('a reader – closed or aborted – refuses reads', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(100));
    const buffer = Buffer.alloc(10);

    for (const end of ['close', 'closeSync', 'abort', 'abortSync']) {
      const reader = await driver.openForRead('image');
      await reader[end]();
      await failsTyped(() => reader.read(buffer, 0, 10, 0));
      await failsTyped(() => reader.readSync(buffer, 0, 10, 0));
    }

    assert.deepEqual(buffer, Buffer.alloc(10));
  });

  test('glance B6: an image – deleted while read – is read whole, its hit not counted', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(100_000));
    const reader = await driver.openForRead('image');
    await reader.read(Buffer.alloc(10), 0, 10, 0);

    await driver.deleteCachedImage('image');

    assert.deepEqual(await readWhole(reader), bytesOf(100_000));
    assert.deepEqual(await reader.close(), { counted: false });
    assert.equal(await driver.isCached('image'), false);
  });

  test('an image – replaced while read – is read whole, the new one gets no hit', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(100_000, 1));
    const reader = await driver.openForRead('image');

    await driver.writeImage('image', bytesOf(50_000, 2));

    assert.equal(reader.size, 100_000);
    assert.deepEqual(await readWhole(reader), bytesOf(100_000, 1));
    assert.deepEqual(await reader.close(), { counted: false });
    assert.equal(await driver.getHitCount('image'), 0);
    assert.deepEqual(await driver.readImage('image'), bytesOf(50_000, 2));
  });

  test('readImage() – its Buffer modified – leaves the image unchanged', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(1000));

    const first = await driver.readImage('image');
    assert(Buffer.isBuffer(first));
    first.fill(0);

    assert.deepEqual(await driver.readImage('image'), bytesOf(1000));
  });

  test('reads – sixty concurrent ones – each get their own image', async (t) => {
    const driver = await open(t);
    const numbers = Array.from({ length: 60 }, (_, i) => i);
    for (const i of numbers) await driver.writeImage(`${i}`, bytesOf(1000 + i, i));

    const images = await Promise.all(numbers.map((i) => driver.readImage(`${i}`)));

    for (const i of numbers) assert.deepEqual(images[i], bytesOf(1000 + i, i));
  });
}
