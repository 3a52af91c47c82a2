import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { collect, openCache, tidiness } from '../manager/support/caches.mjs';
import { mountFresh, needsMount } from '../support/mounts.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { within } from '../support/within.mjs';
import { barrier, origin, until } from './support/origin.mjs';
import { overSharedDrivers } from './support/places.mjs';

/** A fetch that is half done, and a second cache on the same directory. */
async function halfWay(t, where, options) {
  const cache = await openCache(t, where);
  const other = await openCache(t, where);
  const gate = barrier(100_000);
  const source = origin({ pause: gate.pause });
  const image = await cache.getOrFetch('a', source.fetch, options);
  await gate.reached;
  return { cache, other, gate, image, ...source };
}

const gone = async (cache) => (await tidiness(cache)).incomplete === 0;

const leavers = {
  'breaks its loop': async (image) => {
    for await (const _ of image) break;
  },
  'destroys its stream': async (image) => {
    const stream = image.createReadStream();
    await new Promise((resolve) => stream.once('readable', resolve));
    stream.destroy();
  },
  'aborts the image': (image) => image.abort(),
  'closes it early': async (image) => assert.deepEqual(await image.close(), { counted: false }),
  'leaves its scope': (image) => image[Symbol.asyncDispose](),
};

const places = {
  'in the temporary directory': { find: (t) => temporaryDirectory(t), skip: false },
  'on tmpfs': { find: (t) => mountFresh(t, 'tmpfs', 'size=10m'), skip: needsMount },
};
for (const [where, { find, skip }] of Object.entries(places)) {
  test(`a fetch – its consumer leaves, another cache reads ${where} – goes on`, { skip }, async (t) => {
    const { other, gate, image, fetch, fetches, bytes } = await halfWay(t, { dir: await find(t) });
    const follower = await other.getOrFetch('a', fetch);
    await image.abort();
    await sleep(120);
    gate.open();
    assert((await collect(follower)).bytes.equals(bytes));
    assert.deepEqual(fetches, [0]);
  });
}

overSharedDrivers('leaving a shared fetch', (place) => {
  for (const [leaves, leave] of Object.entries(leavers)) {
    test(`a fetch – its only consumer ${leaves} – stops and is rolled back`, async (t) => {
      const { cache, image } = await halfWay(t, await place(t));
      await leave(image);
      await until(() => gone(cache), 'rolled back');
      assert.deepEqual(await cache.driver.getInvalidImages(), []);
      assert.equal(await cache.driver.isCacheable('a'), true);
    });
  }

  test('a fetch – its only consumer is aborted – stops, the read fails with the reason', async (t) => {
    const controller = new AbortController();
    const { cache, image } = await halfWay(t, await place(t), { signal: controller.signal });
    const reading = collect(image);
    await sleep(20);
    const reason = new Error('enough');
    controller.abort(reason);
    assert.equal((await within(2_000, reading, 'the end of the read')).error, reason);
    await until(() => gone(cache), 'rolled back');
  });

  test('an abort – of a call that waits – does not end the fetch of another caller', async (t) => {
    const cache = await openCache(t, await place(t));
    const { fetch, bytes } = origin();
    const controller = new AbortController();
    const first = cache.getOrFetch('a', fetch, { signal: controller.signal });
    const second = cache.getOrFetch('a', fetch);
    controller.abort(new Error('enough'));
    await assert.rejects(first, { message: 'enough' });
    assert((await collect(await second)).bytes.equals(bytes));
  });

  for (const [failure, errorOf] of Object.entries({
    'its reason': ({ reason }) => reason,
    'an error': () => new Error('cut off'),
  })) {
    test(`a leader – abort of its caller fails it with ${failure} – followers go on`, async (t) => {
      const where = await place(t);
      const [cache, other] = [await openCache(t, where), await openCache(t, where)];
      const caller = new AbortController();
      const { signal } = caller;
      // This is like fetch(url, { signal }) with the signal of the caller.
      const aborted = new Promise((_, reject) => signal.addEventListener('abort', () => reject(errorOf(signal))));
      aborted.catch(() => {});
      const led = origin({ pause: (at) => (at < 100_000 ? undefined : aborted) });
      const own = origin();
      const leader = await cache.getOrFetch('a', led.fetch, { signal });
      const followers = [await cache.getOrFetch('a', own.fetch), await other.getOrFetch('a', own.fetch)];
      assert.deepEqual(
        [leader, ...followers].map(({ source }) => source),
        ['fetch', 'follow', 'follow'],
      );
      const reading = Promise.all(followers.map(collect));
      await sleep(50);
      caller.abort(new Error('enough'));
      assert.equal((await collect(leader)).error.message, 'enough');
      for (const { bytes, error } of await within(5_000, reading, 'the reads of the followers')) {
        assert.equal(error, undefined);
        assert(bytes.equals(own.bytes));
      }
      assert.deepEqual(led.fetches, [0]);
      assert((await cache.driver.readImage('a')).equals(own.bytes));
      assert.deepEqual(await cache.driver.getInvalidImages(), []);
    });
  }

  test('a leader – its source fails without an abort – its followers get the error', async (t) => {
    const cache = await openCache(t, await place(t));
    const { signal } = new AbortController();
    const { fetch } = origin({ end: () => Promise.reject(new Error('cut off')) });
    const images = [await cache.getOrFetch('a', fetch, { signal }), await cache.getOrFetch('a', fetch)];
    for (const { error } of await Promise.all(images.map(collect))) assert.equal(error?.code, 'ERR_FETCH_FAILED');
  });

  test('a cached image – its signal is aborted – is not read, fails with the reason', async (t) => {
    const cache = await openCache(t, await place(t));
    await cache.driver.writeImage('a', Buffer.alloc(10));
    const controller = new AbortController();
    const image = await cache.getOrFetch('a', () => assert.fail('fetched'), { signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    assert.equal((await collect(image)).error, reason);
    assert.equal(await cache.driver.getHitCount('a'), 0);
  });

  test('a fetch – its consumer leaves, another reads in this cache – goes on', async (t) => {
    const { cache, gate, image, fetch, fetches, bytes } = await halfWay(t, await place(t));
    const follower = await cache.getOrFetch('a', fetch);
    await image.abort();
    await sleep(120);
    gate.open();
    assert((await collect(follower)).bytes.equals(bytes));
    assert.deepEqual(fetches, [0]);
  });

  test('a fetch – the last reader, in another cache, leaves – stops', async (t) => {
    const { cache, other, image, fetch } = await halfWay(t, await place(t));
    const follower = await other.getOrFetch('a', fetch);
    await image.abort();
    await follower.abort();
    await until(() => gone(cache), 'rolled back');
  });

  test('a fetch – finishFetch, every consumer has left – goes on', async (t) => {
    const { cache, gate, image, bytes } = await halfWay(t, await place(t), { finishFetch: true });
    await image.abort();
    await sleep(120);
    gate.open();
    await until(() => cache.driver.isCached('a'), 'cached');
    assert((await cache.driver.readImage('a')).equals(bytes));
  });

  test('a fetch that is being stopped – new callers – get the image', async (t) => {
    const { cache, gate, image, fetch, bytes } = await halfWay(t, await place(t));
    gate.open();
    const left = image.abort();
    const [one, two] = await Promise.all([cache.getOrFetch('a', fetch), cache.getOrFetch('a', fetch), left]);
    for (const { bytes: got, error } of await Promise.all([collect(one), collect(two)])) {
      assert.equal(error, undefined);
      assert(got.equals(bytes));
    }
  });

  test('a fetch – its only consumer is aborted during the claim – stops', async (t) => {
    const cache = await openCache(t, await place(t));
    const { driver } = cache;
    const claim = driver.openForWrite;
    const controller = new AbortController();
    t.mock.method(driver, 'openForWrite', (...args) => {
      controller.abort();
      return claim.apply(driver, args);
    });
    const { fetch, fetches } = origin({ pause: barrier(20_000).pause });
    await assert.rejects(cache.getOrFetch('a', fetch, { signal: controller.signal }), { name: 'AbortError' });
    await until(() => fetches.length > 0, 'fetching');
    await until(async () => (await tidiness(cache)).incomplete === 0, 'rolled back');
    assert.equal(await driver.isCached('a'), false);
  });
});
