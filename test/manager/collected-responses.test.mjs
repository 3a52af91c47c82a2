// Node's fetch() cancels the body of a Response that is garbage-collected while nobody reads it: it then ends, without
// an error and without a byte.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { bytesOf } from '../support/contents.mjs';
import { collect, overEachDriver } from './support/caches.mjs';
import { serve } from './support/http-server.mjs';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');
const image = bytesOf(100_000);

async function muchLater() {
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await sleep(10);
  }
}

/** Serves the image; `bodyOf()` resolves to the body of an answer of which nothing else is kept. */
async function bodies(t) {
  const { url } = await serve(t, { image: (response) => response.end(image) });
  return async () => (await fetch(`${url}/image`)).body;
}

/** A driver that is so slow that everything that can be collected is before an image can be written. */
const slow = {
  isCacheable: async (driver, imageId) => {
    await muchLater();
    return driver.isCacheable(imageId);
  },
};

test('without a reader, a body of which only itself is kept ends before its first byte', async (t) => {
  const body = await (await bodies(t))();
  await muchLater();
  const { length } = (await collect(body)).bytes;
  if (length > 0) t.skip('this fetch() does not cancel it: what follows shows nothing');
});

overEachDriver('the body of a Response that is gone', (open) => {
  test('is cached whole by cacheImage()', async (t) => {
    const cache = await open(t, {}, slow);
    assert.equal(await cache.cacheImage('image', await (await bodies(t))()), true);
    assert.equal(Buffer.compare(await cache.driver.readImage('image'), image), 0);
  });

  test('is passed on and cached whole by a tee, also if it begins later', async (t) => {
    const cache = await open(t, {}, slow);
    const chunks = cache.cachingIterator('image', await (await bodies(t))());
    await muchLater();
    assert.equal(Buffer.compare((await collect(chunks)).bytes, image), 0);
    assert.equal(Buffer.compare(await cache.driver.readImage('image'), image), 0);
  });

  test('is cached whole by prefetch(), whatever fetch() makes of it', async (t) => {
    const cache = await open(t, {}, slow);
    const bodyOf = await bodies(t);
    const answers = {
      body: bodyOf,
      response: async () => new Response(await bodyOf()),
      offset: async () => ({ offset: 0, body: await bodyOf() }),
    };
    for (const id of Object.keys(answers)) await cache.queueImage(id);
    assert.equal((await cache.prefetch((imageId) => answers[imageId]())).cached.length, 3);
    for (const id of Object.keys(answers)) {
      assert.equal(Buffer.compare(await cache.driver.readImage(id), image), 0);
    }
  });

  test('that was not wanted is given back as it was', async (t) => {
    const cache = await open(t);
    await cache.cacheImage('image', image);
    const stream = ReadableStream.from([image]);
    assert.equal(await cache.cacheImage('image', stream), false);
    await assert.rejects(cache.cacheImage('a/b', stream), { code: 'ERR_INVALID_IMAGE_ID' });
    await assert.rejects(cache.cachingIterator('a/b', stream).next(), { code: 'ERR_INVALID_IMAGE_ID' });
    await cache.cachingIterator('image', stream).return();
    assert.equal(stream.locked, false);
    assert.equal(Buffer.compare((await collect(stream)).bytes, image), 0);
  });

  test('and had been read or cancelled before is refused, since it would be an empty image', async (t) => {
    const cache = await open(t);
    const used = async () => {
      const cancelled = new Response(image).body;
      await cancelled.cancel();
      const read = new Response(image).body;
      for await (const _ of read);
      return [cancelled, read];
    };
    const refused = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };
    for (const stream of await used()) await assert.rejects(cache.cacheImage('image', stream), refused);
    for (const stream of await used()) {
      const { chunks, error } = await collect(cache.cachingIterator('image', stream));
      assert.deepEqual([chunks, error.code], [[], refused.code]);
    }
    assert.equal(await cache.driver.isCacheable('image'), true);
  });

  test('of which the beginning has been read gives the rest', async (t) => {
    const cache = await open(t);
    const stream = ReadableStream.from([bytesOf(10), image]);
    const reader = stream.getReader();
    await reader.read();
    reader.releaseLock();
    assert.equal(await cache.cacheImage('image', stream), true);
    assert.equal(Buffer.compare(await cache.driver.readImage('image'), image), 0);
  });

  test('and is read by somebody else is refused', async (t) => {
    const cache = await open(t);
    const stream = ReadableStream.from([image]);
    stream.getReader();
    await assert.rejects(cache.cacheImage('image', stream), { name: 'TypeError' });
    assert.equal((await collect(cache.cachingIterator('image', stream))).error.name, 'TypeError');
    assert.equal(await cache.driver.isCacheable('image'), true);
  });
});
