import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { slowly } from '../support/slow-sources.mjs';
import { within } from '../support/within.mjs';
import { overEachDriver, tidiness, writersWith } from './support/caches.mjs';
import { silentAfter, untouched } from './support/sources.mjs';

const parts = [bytesOf(1000, 1), bytesOf(1000, 2), bytesOf(1000, 3)];
const whole = Buffer.concat(parts);
const boom = new Error('boom');

overEachDriver('cacheImage()', (open) => {
  test('cacheImage() – source of any kind – caches it, returns true, empties the queue', async (t) => {
    const cache = await open(t);
    const sources = [whole, parts, new Set(parts), slowly(parts), Readable.from(parts), ReadableStream.from(parts)];
    for (const [i, source] of sources.entries()) {
      await cache.queueImage(`${i}`);
      assert.equal(await cache.cacheImage(`${i}`, source, { expectedSize: 3000 }), true);
      assert.deepEqual(await cache.driver.readImage(`${i}`), whole);
      assert.equal(await cache.driver.isQueued(`${i}`), false);
    }
    assert.deepEqual(await tidiness(cache), { incomplete: 0, invalid: 0 });
  });

  test('glance B3: a cached image – cached again – keeps its bytes and hits', async (t) => {
    const cache = await open(t);
    await cache.cacheImage('image', whole);
    await cache.driver.readImage('image');
    const source = untouched();

    assert.equal(await cache.cacheImage('image', source), false);

    assert.equal(source.touched, false);
    assert.equal(await cache.driver.getHitCount('image'), 1);
    assert.deepEqual(await cache.driver.readImage('image'), whole);
  });

  test('replace – cached image – is written anew, and its hits begin at 0', async (t) => {
    const cache = await open(t);
    await cache.cacheImage('image', whole);
    await cache.driver.readImage('image');

    assert.equal(await cache.cacheImage('image', [bytesOf(10)], { replace: true }), true);

    assert.equal(await cache.driver.getHitCount('image'), 0);
    assert.deepEqual(await cache.driver.readImage('image'), bytesOf(10));
  });

  test('replace – source that fails – keeps the image that was cached', async (t) => {
    const cache = await open(t);
    await cache.cacheImage('image', whole);
    const failing = (async function* () {
      yield parts[0];
      throw boom;
    })();

    await assert.rejects(cache.cacheImage('image', failing, { replace: true }), boom);

    assert.deepEqual(await cache.driver.readImage('image'), whole);
  });

  test('replace – image that another writer has – is left to it', async (t) => {
    const cache = await open(t);
    const writer = await cache.driver.openForWrite('image');
    const source = untouched();

    assert.equal(await cache.cacheImage('image', source, { replace: true }), false);

    assert.equal(source.touched, false);
    await writer.rollback('not needed');
  });

  test('replace – value that is no boolean – is refused', async (t) => {
    const cache = await open(t);
    await assert.rejects(cache.cacheImage('image', whole, { replace: 1 }), { code: 'ERR_INVALID_ARG_TYPE' });
  });

  test('replace – of a tee, over a cached image – writes it anew', async (t) => {
    const cache = await open(t);
    await cache.cacheImage('image', whole);
    for await (const _ of cache.cachingIterator('image', [bytesOf(10)], { replace: true }));
    assert.deepEqual(await cache.driver.readImage('image'), bytesOf(10));
  });

  test('an image being written – cacheImage() – returns false, the source is not read', async (t) => {
    const cache = await open(t);
    const writer = await cache.driver.openForWrite('image');
    const source = untouched();
    assert.equal(await cache.cacheImage('image', source), false);
    assert.equal(source.touched, false);
    await writer.rollback('not needed');
    assert.equal(await cache.cacheImage('image', source), true);
  });

  test('an image – claimed after the check – cacheImage() returns false', async (t) => {
    let writer;
    const isCacheable = async (driver, imageId) => {
      const answer = await driver.isCacheable(imageId);
      writer = await driver.openForWrite(imageId);
      return answer;
    };
    const cache = await open(t, {}, { isCacheable });
    const source = untouched();
    assert.equal(await cache.cacheImage('image', source), false);
    assert.equal(source.touched, false);
    await writer.commit();
    assert.equal(await cache.driver.isCached('image'), true);
  });

  test('cacheImage() – twenty concurrent calls – one caches the image', async (t) => {
    const cache = await open(t);
    const sources = Array.from({ length: 20 }, () => untouched(parts));
    const results = await Promise.all(sources.map((source) => cache.cacheImage('image', source)));
    assert.equal(results.filter(Boolean).length, 1);
    assert.deepEqual(
      sources.map((source) => source.touched),
      results,
    );
    assert.deepEqual(await cache.driver.readImage('image'), whole);
    assert.deepEqual(await tidiness(cache), { incomplete: 0, invalid: 0 });
  });

  test('a source – throws any value – rejects with that value, caches nothing', async (t) => {
    const cache = await open(t);
    await cache.queueImage('image');
    for (const thrown of [boom, 'text', undefined]) {
      const [{ status, reason }] = await Promise.allSettled([
        cache.cacheImage('image', slowly(parts, thrown, true), { checksum: { algorithm: 'md5', hex: '0'.repeat(32) } }),
      ]);
      assert.deepEqual({ status, reason }, { status: 'rejected', reason: thrown });
      assert.equal(await cache.driver.isCacheable('image'), true);
    }
    assert.equal(await cache.driver.isQueued('image'), true);
    assert.deepEqual(await tidiness(cache), { incomplete: 0, invalid: 1 });
  });

  test('a source – not its expected size – is refused, even one without an end', async (t) => {
    const cache = await open(t);
    const endless = (async function* () {
      for (;;) yield parts[0];
    })();
    for (const [source, expectedSize] of [
      [parts, 2999],
      [parts, 3001],
      [slowly(parts), 0],
      [endless, 2000],
    ]) {
      await assert.rejects(cache.cacheImage('image', source, { expectedSize }), { code: 'ERR_SIZE_MISMATCH' });
      assert.equal(await cache.driver.isCacheable('image'), true);
    }
  });

  test('a checksum – wrong – rejects, and nothing is cached', async (t) => {
    const cache = await open(t);
    const checksum = { algorithm: 'md5', hex: '0'.repeat(32) };
    const expected = { code: 'ERR_CHECKSUM_MISMATCH', imageId: 'image', expected: checksum.hex };
    await assert.rejects(cache.cacheImage('image', parts, { checksum }), expected);
    assert.equal(await cache.driver.isCacheable('image'), true);
    assert.match((await cache.driver.getInvalidImages())[0].error, /has checksum/);
  });

  for (const method of ['write', 'commit']) {
    test(`cacheImage() – ${method} fails – rejects with that error`, async (t) => {
      const fail = async () => {
        throw boom;
      };
      const cache = await open(t, {}, { openForWrite: writersWith(() => ({ [method]: fail })) });
      await assert.rejects(cache.cacheImage('image', slowly(parts)), (error) => error === boom);
      assert.equal(await cache.driver.isCacheable('image'), true);
    });
  }

  test('a driver – fails after the claim – leaves no claim behind', async (t) => {
    const isCached = async () => {
      throw boom;
    };
    const cache = await open(t, {}, { isCached });
    await assert.rejects(cache.cacheImage('image', parts), (error) => error === boom);
    assert.equal(await cache.driver.isBeingCached('image'), false);
  });

  test('a signal – aborted while the source is silent – rejects, closes the source', async (t) => {
    const cache = await open(t);
    const source = silentAfter(parts);
    const reason = new Error('enough');
    const controller = new AbortController();
    const caching = cache.cacheImage('image', source, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await assert.rejects(within(2000, caching, 'cacheImage()'), (error) => error === reason);
    assert.equal(source.stopped, true);
    assert.equal(await cache.driver.isCacheable('image'), true);

    await assert.rejects(cache.cacheImage('image', parts, { signal: AbortSignal.abort() }), { name: 'AbortError' });
    assert.equal(await cache.driver.isCacheable('image'), true);
  });

  test('cacheImage() – invalid arguments – refuses them before it reads the source', async (t) => {
    const cache = await open(t);
    const source = untouched();
    for (const id of ['', '.', '..', 'a/b', '../x', 'a\0b', 'queue', 'x'.repeat(256), '\ud800']) {
      await assert.rejects(cache.cacheImage(id, source), { code: 'ERR_INVALID_IMAGE_ID', imageId: id });
    }
    for (const bad of ['text', 7, null, undefined, {}]) {
      await assert.rejects(cache.cacheImage('image', bad), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
    for (const bad of [null, 7, { signal: 7 }, { expectedSize: '1' }]) {
      await assert.rejects(cache.cacheImage('image', source, bad), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
    assert.equal(source.touched, false);
    assert.equal(await cache.driver.isCacheable('image'), true);
  });
});
