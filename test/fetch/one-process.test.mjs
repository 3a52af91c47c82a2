import assert from 'node:assert/strict';
import { test } from 'node:test';

import { collect, openCache, tidiness } from '../manager/support/caches.mjs';
import { within } from '../support/within.mjs';
import { barrier, origin, until } from './support/origin.mjs';
import { overSharedDrivers } from './support/places.mjs';

const nothingLeft = { incomplete: 0, invalid: 0 };

/** Returns all bytes of each image, read concurrently. */
async function readAll(images) {
  const results = await within(10_000, Promise.all(images.map(collect)), 'reading');
  return results.map(({ bytes, error }) => {
    if (error) throw error;
    return bytes;
  });
}

overSharedDrivers('a shared fetch', (place) => {
  test('a cached image – getOrFetch() – is read without a fetch', async (t) => {
    const cache = await openCache(t, await place(t));
    await cache.driver.writeImage('a', Buffer.from('bytes'));
    const image = await cache.getOrFetch('a', () => assert.fail('fetched'));
    assert.equal(image.source, 'cache');
    assert.equal(image.size, 5);
    assert.deepEqual(await readAll([image]), [Buffer.from('bytes')]);
    assert.equal(await cache.driver.getHitCount('a'), 1);
  });

  test('an image that is not cached – getOrFetch() – is fetched, cached and counted', async (t) => {
    const cache = await openCache(t, await place(t));
    const { fetch, fetches, bytes } = origin();
    const image = await cache.getOrFetch('a', fetch);
    assert.equal(image.source, 'fetch');
    assert.equal(image.size, undefined);
    assert.deepEqual(await readAll([image]), [bytes]);
    assert.equal(image.size, bytes.length);
    assert.deepEqual(fetches, [0]);
    assert.deepEqual(await cache.driver.readImage('a'), bytes);
    assert.equal(await cache.driver.getHitCount('a'), 2);
    assert.deepEqual(await tidiness(cache), nothingLeft);
  });

  test('a fetch – 100 callers at its start, 100 later, two caches – is one', async (t) => {
    const where = await place(t);
    const caches = [await openCache(t, where), await openCache(t, where)];
    const gate = barrier(50_000);
    const { fetch, fetches, bytes } = origin({ pause: gate.pause });
    const ask = (count) => Promise.all(Array.from({ length: count }, (_, i) => caches[i % 2].getOrFetch('a', fetch)));
    const early = await ask(100);
    await gate.reached;
    const late = await ask(100);
    assert.deepEqual(new Set(late.map(({ source }) => source)), new Set(['follow']));
    const reading = readAll([...early, ...late]);
    gate.open();
    for (const got of await reading) assert(got.equals(bytes));
    assert.deepEqual(fetches, [0]);
    assert.equal(early.filter(({ source }) => source === 'fetch').length, 1);
    assert.equal(await caches[0].driver.getHitCount('a'), 200);
  });

  test('an empty image – two caches – is cached, and counts two hits', async (t) => {
    const where = await place(t);
    const [one, other] = [await openCache(t, where), await openCache(t, where)];
    const gate = barrier();
    const { fetch } = origin({ size: 0, end: gate.pause.bind(undefined, 0) });
    const images = [await one.getOrFetch('a', fetch), await other.getOrFetch('a', fetch)];
    gate.open();
    for (const got of await readAll(images)) assert.equal(got.length, 0);
    assert.equal(await one.driver.getHitCount('a'), 2);
  });

  test('a fetch – half done – its ranges so far can be read', async (t) => {
    const where = await place(t);
    const [one, other] = [await openCache(t, where), await openCache(t, where)];
    const gate = barrier(100_000);
    const { fetch, bytes } = origin({ pause: gate.pause });
    const images = [await one.getOrFetch('a', fetch), await other.getOrFetch('a', fetch)];
    await gate.reached;
    for (const image of images) {
      const range = await within(5_000, collect(image.createReadStream({ start: 5, end: 90_000 })), 'a range');
      assert.equal(range.error, undefined);
      assert.deepEqual(range.bytes, bytes.subarray(5, 90_001));
    }
  });

  test('ranges of a fetch – not there yet – are waited for, and end with the image', async (t) => {
    const cache = await openCache(t, await place(t));
    const gate = barrier(100_000);
    const { fetch, bytes } = origin({ pause: gate.pause });
    const ranges = [
      { start: 150_000 },
      { start: 99_990, end: 100_010 },
      { start: 199_999, end: 400_000 },
      { start: 300_000 },
    ];
    const reads = await Promise.all(
      ranges.map(async (range) => (await cache.getOrFetch('a', fetch)).createReadStream(range)),
    );
    const got = readAll(reads);
    gate.open();
    assert.deepEqual(
      await got,
      ranges.map(({ start, end = bytes.length }) => bytes.subarray(start, end + 1)),
    );
  });

  test('a consumer – does not read – does not delay the others', async (t) => {
    const cache = await openCache(t, await place(t));
    const { fetch, bytes } = origin({ size: 5_000_000 });
    const lazy = await cache.getOrFetch('a', fetch);
    const slow = (await cache.getOrFetch('a', fetch)).createReadStream();
    await new Promise((resolve) => slow.once('readable', resolve));
    const [got] = await readAll([await cache.getOrFetch('a', fetch)]);
    assert(got.equals(bytes));
    await until(() => cache.driver.isCached('a'), 'cached');
    const [later, last] = await readAll([lazy, slow]);
    assert(later.equals(bytes));
    assert(last.equals(bytes));
  });

  test('a deleted image – still being read – a new caller fetches the new one', async (t) => {
    const cache = await openCache(t, await place(t));
    const first = origin();
    const image = await cache.getOrFetch('a', first.fetch);
    await until(() => cache.driver.isCached('a'), 'cached');
    await cache.driver.deleteCachedImage('a');
    const second = origin({ size: 10 });
    const [old, fresh] = await readAll([image, await cache.getOrFetch('a', second.fetch)]);
    assert(old.equals(first.bytes));
    assert(fresh.equals(second.bytes));
  });

  test('a fetch – its image is deleted – caches nothing, readers get all bytes', async (t) => {
    const where = await place(t);
    const [one, other] = [await openCache(t, where), await openCache(t, where)];
    const gate = barrier(100_000);
    const { fetch, fetches, bytes } = origin({ pause: gate.pause });
    const images = [await one.getOrFetch('a', fetch), await other.getOrFetch('a', fetch)];
    const reading = readAll(images);
    await gate.reached;
    await one.driver.deleteCachedImage('a');
    gate.open();
    for (const got of await reading) assert(got.equals(bytes));
    assert.deepEqual(fetches, [0]);
    assert.equal(await one.driver.isCached('a'), false);
    assert.deepEqual(await tidiness(one), nothingLeft);
  });

  for (const commit of ['commit', 'commitSync']) {
    test(`a follower – its writer’s image is deleted before ${commit}() – gets all bytes`, async (t) => {
      const where = await place(t);
      const [cache, other] = [await openCache(t, where), await openCache(t, where)];
      const writer = await other.driver.openForWrite('a');
      await writer.write(Buffer.from('all bytes'));
      const image = await cache.getOrFetch('a', () => assert.fail('fetched'));
      await other.driver.deleteCachedImage('a');
      await assert.rejects(async () => writer[commit](), { code: 'ERR_CLAIM_LOST' });
      assert.deepEqual(await readAll([image]), [Buffer.from('all bytes')]);
      assert.deepEqual(await tidiness(cache), nothingLeft);
    });
  }

  test('an eviction – during a fetch – does not touch its image', async (t) => {
    const cache = await openCache(t, await place(t));
    const gate = barrier(100_000);
    const { fetch, bytes } = origin({ pause: gate.pause });
    const image = await cache.getOrFetch('a', fetch);
    await gate.reached;
    await cache.driver.evictTo(0);
    gate.open();
    const [got] = await readAll([image]);
    assert(got.equals(bytes));
    assert.equal(await cache.driver.isCached('a'), true);
  });

  test('an image – committed between look-up and claim – is read without a fetch', async (t) => {
    const cache = await openCache(t, await place(t));
    const { driver } = cache;
    const claim = driver.openForWrite;
    t.mock.method(driver, 'openForWrite', async (...args) => {
      await driver.writeImage('a', Buffer.from('bytes'));
      return claim.apply(driver, args);
    });
    const image = await cache.getOrFetch('a', () => assert.fail('fetched'));
    assert.deepEqual(await readAll([image]), [Buffer.from('bytes')]);
    assert.deepEqual(await tidiness(cache), nothingLeft);
  });

  test('a follower in another cache – each new piece – wakes it without a poll', async (t) => {
    const where = await place(t);
    const [leader, follower] = [await openCache(t, where), await openCache(t, where)];
    const pieces = 20;
    let got = 0;
    async function* slowly() {
      for (let i = 0; i < pieces; i++) {
        yield Buffer.from('.');
        await until(() => got > i, 'the piece');
      }
    }
    const leading = collect(await leader.getOrFetch('a', () => slowly()));
    const started = performance.now();
    for await (const chunk of await follower.getOrFetch('a', () => assert.fail('fetched'))) got += chunk.length;
    await leading;
    assert.equal(got, pieces);
    // Polling alone would take 100 ms for each.
    assert(performance.now() - started < 1_200, `${performance.now() - started} ms`);
  });
});
