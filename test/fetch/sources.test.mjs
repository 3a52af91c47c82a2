import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { collect, openCache, tidiness } from '../manager/support/caches.mjs';
import { silentAfter } from '../manager/support/sources.mjs';
import { within } from '../support/within.mjs';
import { origin, until } from './support/origin.mjs';
import { overSharedDrivers } from './support/places.mjs';

/** Returns the bytes and errors of two concurrent callers. */
async function twoOf(cache, fetch, options) {
  const images = await Promise.all([cache.getOrFetch('a', fetch, options), cache.getOrFetch('a', fetch, options)]);
  return await within(5_000, Promise.all(images.map(collect)), 'both');
}

test('a source – fails with an error of another image – is not fetched again', async (t) => {
  const cache = await openCache(t);
  let fetches = 0;
  const fetch = () => {
    fetches += 1;
    return cache.driver.writeImage('b', Buffer.alloc(1), { expectedSize: 2 });
  };
  for (const { error } of await twoOf(cache, fetch)) assert.equal(error.code, 'ERR_SIZE_MISMATCH');
  assert.equal(fetches, 1);
});

overSharedDrivers('a source of a shared fetch', (place) => {
  test('a fetch – throws – fails both callers with its error as the cause', async (t) => {
    const cache = await openCache(t, await place(t));
    const cause = new Error('no route');
    for (const { error } of await twoOf(cache, () => Promise.reject(cause))) {
      assert.equal(error.code, 'ERR_FETCH_FAILED');
      assert.equal(error.cause, cause);
      assert.equal(error.remote, false);
    }
    const { fetch, bytes } = origin();
    for (const { bytes: got } of await twoOf(cache, fetch)) assert(got.equals(bytes));
  });

  test('a response – not ok – fails with its status', async (t) => {
    const cache = await openCache(t, await place(t));
    for (const { error } of await twoOf(cache, () => new Response('gone', { status: 410 }))) {
      assert.deepEqual([error.code, error.status], ['ERR_FETCH_FAILED', 410]);
    }
  });

  test('a source – fails in the middle – gives its bytes so far, then the error', async (t) => {
    const cache = await openCache(t, await place(t));
    const { fetch, bytes } = origin({
      end: () => {
        throw new Error('cut');
      },
    });
    for (const { error, bytes: got } of await twoOf(cache, fetch)) {
      assert.match(error.message, /cut/);
      assert(bytes.subarray(0, got.length).equals(got));
    }
  });

  for (const [amount, expectedSize, actual] of [
    ['too little', 300_000, 200_000],
    ['too much', 100_000, 110_000],
  ]) {
    test(`a source – gives ${amount} – fails both callers, and is released`, async (t) => {
      const cache = await openCache(t, await place(t));
      const { fetch, stopped } = origin();
      for (const { error } of await twoOf(cache, fetch, { expectedSize })) {
        assert.equal(error.code, 'ERR_SIZE_MISMATCH');
        assert.deepEqual([error.expected, error.actual], [expectedSize, actual]);
      }
      assert.deepEqual(stopped, actual > expectedSize ? [0] : []);
      assert.equal(await cache.driver.isCached('a'), false);
    });
  }

  test('a body – shorter than its Content-Length – fails; of the right length, passes', async (t) => {
    const cache = await openCache(t, await place(t));
    const answer = (length) => () => new Response('12345', { headers: { 'content-length': `${length}` } });
    for (const { error } of await twoOf(cache, answer(6))) assert.equal(error.code, 'ERR_SIZE_MISMATCH');
    const image = await cache.getOrFetch('a', answer(5));
    assert.equal(String((await collect(image)).bytes), '12345');
  });

  test('a source – stalls – its reader can abort, and the fetch is rolled back', async (t) => {
    const cache = await openCache(t, await place(t));
    const source = silentAfter([Buffer.from('bytes')]);
    const controller = new AbortController();
    const image = await cache.getOrFetch('a', () => source, { signal: controller.signal });
    const reading = collect(image);
    await sleep(50);
    controller.abort(new Error('enough'));
    const { bytes, error } = await within(2_000, reading, 'the end');
    assert.deepEqual([String(bytes), error.message], ['bytes', 'enough']);
    await until(() => source.stopped, 'released');
    await until(async () => (await tidiness(cache)).incomplete === 0, 'rolled back');
  });

  test('a fetch – never settles – is stopped with its signal', async (t) => {
    const cache = await openCache(t, await place(t));
    let stopped;
    const image = await cache.getOrFetch('a', (_id, { signal }) => {
      stopped = signal;
      return new Promise(() => {});
    });
    await image.abort();
    await until(() => stopped.aborted, 'stopped');
    await until(async () => (await tidiness(cache)).incomplete === 0, 'rolled back');
  });

  test('a checksum – wrong – fails both callers at the end, and nothing is cached', async (t) => {
    const cache = await openCache(t, await place(t));
    const { fetch, bytes } = origin();
    const checksum = `sha256-${Buffer.alloc(32).toString('base64')}`;
    for (const { bytes: got, error } of await twoOf(cache, fetch, { checksum })) {
      assert.equal(error.code, 'ERR_CHECKSUM_MISMATCH');
      assert.equal(error.expected, checksum);
      assert(bytes.subarray(0, got.length).equals(got));
    }
    assert.equal(await cache.driver.isCached('a'), false);
    assert.deepEqual(await tidiness(cache), { incomplete: 0, invalid: 1 });
  });
});
