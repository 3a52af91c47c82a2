import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { collect, openCache, overEachDriver, tidiness } from './support/caches.mjs';
import { listen } from './support/events.mjs';
import { untouched } from './support/sources.mjs';

const small = bytesOf(1000);
const ids = ['a', 'b', 'c', 'd'];

/** Opens a cache that holds four images and has space for one more. */
async function filled(open, t) {
  const cache = await open(t, { maxSize: 5000 });
  for (const id of ids) await cache.cacheImage(id, [small]);
  return cache;
}

function endless() {
  const source = {
    stopped: false,
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) yield small;
      } finally {
        source.stopped = true;
      }
    },
  };
  return source;
}

const assertUnharmed = async (cache) => {
  assert.equal((await cache.driver.getCachedImages()).length, ids.length);
  assert.equal(await cache.driver.isCacheable('large'), true);
  assert.equal((await tidiness(cache)).incomplete, 0);
};

overEachDriver('images larger than the cache', (open) => {
  test('cacheImage() – expected size too large – returns false, the source unread', async (t) => {
    const cache = await filled(open, t);
    const source = untouched();
    assert.equal(await cache.cacheImage('large', source, { expectedSize: 5001 }), false);
    assert.equal(source.touched, false);
    await assertUnharmed(cache);
  });

  test('cacheImage() – buffer above the limit – returns false, one at the limit fits', async (t) => {
    const cache = await filled(open, t);
    assert.equal(await cache.cacheImage('large', bytesOf(5001)), false);
    assert.equal(await cache.cacheImage('large', [bytesOf(5000), bytesOf(1)]), false);
    await assertUnharmed(cache);
    assert.equal(await cache.cacheImage('large', bytesOf(5000)), true);
  });

  test('cacheImage() – source grows past the limit – returns false, source is closed', async (t) => {
    const cache = await filled(open, t);
    const source = endless();
    assert.equal(await cache.cacheImage('large', source), false);
    assert.equal(source.stopped, true);
    await assertUnharmed(cache);
  });

  test('a tee – source grows past the limit – passes every byte on, emits an error', async (t) => {
    const cache = await filled(open, t);
    const events = listen(t);
    const parts = Array.from({ length: 8 }, (_, i) => bytesOf(1000, i));
    for (const expectedSize of [undefined, 8000]) {
      const options = expectedSize === undefined ? {} : { expectedSize };
      const teed = await collect(cache.cachingIterator('large', (async function* () { yield* parts; })(), options)); // biome-ignore format: one expression
      assert.deepEqual(teed, { chunks: parts, bytes: Buffer.concat(parts) });
    }
    assert.deepEqual(
      events.error.map(({ operation, error }) => [operation, error.code]),
      [
        ['write', 'ERR_NO_SPACE'],
        ['open', 'ERR_NO_SPACE'],
      ],
    );
    await assertUnharmed(cache);
  });

  test('prefetch() – source grows past the limit – reports it, closes the source', async (t) => {
    const cache = await filled(open, t);
    await cache.queueImage('large');
    const source = endless();
    const { cached, failed } = await cache.prefetch(() => source);
    assert.deepEqual(cached, []);
    assert.equal(failed.get('large').code, 'ERR_NO_SPACE');
    assert.equal(source.stopped, true);
    await assertUnharmed(cache);
  });
});

test('a driver alone – image larger than a manager’s limit – is written', async (t) => {
  const cache = await openCache(t, { maxSize: 5000 });
  await cache.driver.writeImage('large', bytesOf(10_000));
  assert.equal(await cache.driver.getImageSize('large'), 10_000);
});
