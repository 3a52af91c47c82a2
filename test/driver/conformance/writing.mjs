import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf } from '../../support/contents.mjs';
import { assertAbsent, refusesArgument } from './assertions.mjs';

/** `ImageWriter`. */
export function writing({ open }) {
  test('a writer – commits – publishes its bytes, leaves nothing else', async (t) => {
    const driver = await open(t);

    const writer = await driver.openForWrite('image');
    assert.equal(writer.imageId, 'image');
    assert.equal(writer.bytesWritten, 0);
    await writer.write(bytesOf(1000).subarray(0, 400));
    writer.writeSync(bytesOf(1000).subarray(400));
    assert.equal(writer.bytesWritten, 1000);
    assert.equal(await driver.isCached('image'), false);
    await writer.commit();

    assert.deepEqual(await driver.readImage('image'), bytesOf(1000));
    const { incomplete, invalid } = await driver.getUsage();
    assert.deepEqual({ incomplete, invalid }, { incomplete: 0, invalid: 0 });
  });

  test('an image being written – any query – is being cached, not cached or cacheable', async (t) => {
    const driver = await open(t);
    const writer = await driver.openForWrite('image');
    await writer.write(bytesOf(1000));

    assert.equal(await driver.isBeingCached('image'), true);
    assert.equal(await driver.isCached('image'), false);
    assert.equal(await driver.isCacheable('image'), false);
    assert.equal(await driver.getImageSize('image'), 0);
    assert.equal(await driver.getCacheSize(), 0);
    assert.equal(await driver.readImage('image'), undefined);
    assert.deepEqual(await driver.getCachedImages(), []);
    assert.equal((await driver.getUsage()).incomplete, 1);
    await assert.rejects(driver.openForRead('image'), { code: 'ERR_IMAGE_NOT_FOUND' });
    writer.commitSync();

    assert.equal(await driver.isBeingCached('image'), false);
    assert.equal(await driver.isCached('image'), true);
  });

  test('glance B1: a second writer – the first is alive – is refused, the first works', async (t) => {
    const driver = await open(t);
    const first = await driver.openForWrite('image');
    await first.write(bytesOf(1000).subarray(0, 500));

    await assert.rejects(driver.openForWrite('image'), { code: 'ERR_IMAGE_BUSY', imageId: 'image' });

    await first.write(bytesOf(1000).subarray(500));
    await first.commit();
    assert.deepEqual(await driver.readImage('image'), bytesOf(1000));
    await (await driver.openForWrite('image')).rollback('the way is free again');
  });

  test('openForWrite() – many concurrent calls – one succeeds', async (t) => {
    const driver = await open(t);

    const claims = await Promise.allSettled(Array.from({ length: 20 }, () => driver.openForWrite('image')));

    const writers = claims.filter((claim) => claim.status === 'fulfilled').map((claim) => claim.value);
    const codes = claims.filter((claim) => claim.status === 'rejected').map((claim) => claim.reason.code);
    assert.equal(writers.length, 1);
    assert.deepEqual(codes, Array(19).fill('ERR_IMAGE_BUSY'));
    await writers[0].commit();
  });

  test('writers – of different images – do not interfere', async (t) => {
    const driver = await open(t);
    const writers = await Promise.all(Array.from({ length: 20 }, (_, i) => driver.openForWrite(`${i}`)));
    await Promise.all(writers.map((writer, i) => writer.write(bytesOf(1000, i))));
    assert.equal((await driver.getUsage()).incomplete, 20);
    await Promise.all(writers.map((writer) => writer.commit()));

    for (const i of writers.keys()) assert.deepEqual(await driver.readImage(`${i}`), bytesOf(1000, i));
  });

  test('a cached image – written again – stays readable, is replaced at the commit', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(1000, 1));
    const writer = await driver.openForWrite('image');
    await writer.write(bytesOf(500, 2));

    assert.equal(await driver.isCached('image'), true);
    assert.equal(await driver.isBeingCached('image'), true);
    assert.deepEqual(await driver.readImage('image'), bytesOf(1000, 1));
    await writer.commit();

    assert.deepEqual(await driver.readImage('image'), bytesOf(500, 2));
    assert.equal(await driver.getCacheSize(), 500);
  });

  test('a chunk – reused after its write – the image keeps the written bytes', async (t) => {
    const driver = await open(t);
    const writer = await driver.openForWrite('image');
    const chunk = Buffer.alloc(100_000);
    for (const value of [1, 2, 3]) await writer.write(chunk.fill(value));
    await writer.commit();

    const expected = Buffer.concat([1, 2, 3].map((value) => Buffer.alloc(100_000, value)));
    assert.equal(Buffer.compare(await driver.readImage('image'), expected), 0);
  });

  test('writes – not awaited – keep their order', async (t) => {
    const driver = await open(t);
    const writer = await driver.openForWrite('image');
    const sizes = [300_000, 1, 100_000, 7, 65_536, 0, 1000];
    await Promise.all(sizes.map((size, i) => writer.write(bytesOf(size, i))));
    await writer.commit();

    const expected = Buffer.concat(sizes.map((size, i) => bytesOf(size, i)));
    assert.equal(Buffer.compare(await driver.readImage('image'), expected), 0);
  });

  test('a commit – beside a pending write – publishes all of it or nothing', async (t) => {
    const driver = await open(t);
    for (const id of ['a', 'b', 'c', 'd']) {
      const writer = await driver.openForWrite(id);
      const outcomes = await Promise.allSettled([writer.write(bytesOf(2_000_000)), writer.commit()]);
      await writer[Symbol.asyncDispose]();

      const bytes = await driver.readImage(id);
      assert.equal(bytes !== undefined, outcomes[1].status === 'fulfilled');
      if (bytes !== undefined) assert.equal(Buffer.compare(bytes, bytesOf(2_000_000)), 0);
      assert.equal(await driver.isBeingCached(id), false);
    }
  });

  test('a chunk – not bytes – is refused, the writer continues', async (t) => {
    const driver = await open(t);
    const writer = await driver.openForWrite('image');

    for (const chunk of ['text', null, undefined, 1, [1, 2], {}]) {
      await refusesArgument(() => writer.write(chunk));
      await refusesArgument(() => writer.writeSync(chunk));
    }

    await writer.write(new Uint8Array([1, 2, 3]));
    await writer.commit();
    assert.deepEqual(await driver.readImage('image'), Buffer.from([1, 2, 3]));
  });

  test('options of a writer – invalid – are refused, claim nothing', async (t) => {
    const driver = await open(t);
    const wrong = [{ expectedSize: -1 }, { expectedSize: 1.5 }, { expectedSize: '1' }, { expectedSize: Number.NaN }];
    wrong.push({ signal: 'now' }, { signal: {} });

    for (const options of wrong) {
      await refusesArgument(() => driver.openForWrite('image', options));
      await refusesArgument(() => driver.writeImage('image', bytesOf(1), options));
      await refusesArgument(() => driver.writeImage('image', [bytesOf(1)], options));
    }

    await assertAbsent(driver, 'image');
    assert.deepEqual(await driver.getInvalidImages(), []);
  });
}
