// Chunks whose memory is transferred, and sources that never yield to the event loop.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { collect, openCache } from './support/caches.mjs';

const image = bytesOf(100_000);
const checksum = `sha256-${createHash('sha256').update(image).digest('base64')}`;
const transfer = ({ buffer }) => structuredClone(buffer, { transfer: [buffer] });

/** A source whose chunk is transferred while it is written. */
async function* transferred() {
  const chunk = new Uint8Array(image);
  setImmediate(() => transfer(chunk));
  yield chunk;
}

const ways = {
  cacheImage: (cache) => cache.cacheImage('image', transferred(), { checksum }),
  cachingIterator: async (cache) => {
    for await (const _ of cache.cachingIterator('image', transferred(), { checksum }));
  },
  getOrFetch: async (cache) => collect(await cache.getOrFetch('image', transferred, { checksum })),
};

for (const [name, way] of Object.entries(ways)) {
  test(`${name} – chunk transferred during its write – records the length`, async (t) => {
    const cache = await openCache(t);
    await way(cache);
    assert.deepEqual(await cache.driver.readImage('image'), image);
    assert.equal((await cache.verify('image')).result, 'ok');
  });
}

test('a writer – chunk transferred before its turn – fails, as does its commit', async (t) => {
  const { driver } = await openCache(t);
  const writer = await driver.openForWrite('image');
  const second = new Uint8Array(image);
  const writes = [writer.write(image), writer.write(second)];
  transfer(second);
  const code = 'ERR_INVALID_ARG_VALUE';
  const [first, last] = await Promise.allSettled(writes);
  assert.deepEqual([first.status, last.status, last.reason.code], ['fulfilled', 'rejected', code]);
  assert.equal(writer.bytesWritten, image.length);
  await assert.rejects(writer.commit(), { code });
  assert.equal(await driver.isCached('image'), false);
});

test('a chunk – transferred before – is refused, unlike an empty one', async (t) => {
  const { driver } = await openCache(t);
  const gone = new Uint8Array(image);
  transfer(gone);
  const code = 'ERR_INVALID_ARG_VALUE';
  await assert.rejects(driver.writeImage('image', [image, gone].values()), { code });
  await assert.rejects(driver.writeImage('image', gone), { code });
  assert.throws(() => driver.writeImageSync('image', gone), { code });
  assert.equal(await driver.isCached('image'), false);
  await driver.writeImage('image', [image, new Uint8Array(0)].values());
  assert.deepEqual(await driver.readImage('image'), image);
});

for (const [name, chunk] of Object.entries({ chunks: bytesOf(1_000), 'empty chunks': new Uint8Array(0) })) {
  test(`a source of ${name} – synchronous, in a bypass – lets a timer abort it`, async (t) => {
    const cache = await openCache(t, { maxSize: 10 });
    const deadline = performance.now() + 5_000;
    const source = function* (aborter) {
      yield bytesOf(1_000);
      setTimeout(() => aborter.abort(), 50); // The first chunk is read.
      while (performance.now() < deadline) yield chunk;
    };
    const fetcher = new AbortController();
    await collect(await cache.getOrFetch('image', () => source(fetcher), { signal: fetcher.signal }));
    const writer = await cache.driver.openForWrite('image'); // Keeps the tee from claiming the image.
    const tee = new AbortController();
    await collect(cache.cachingIterator('image', source(tee), { signal: tee.signal }));
    await writer.rollback('over');
    assert.ok(performance.now() < deadline - 1_000, 'the timers did not run');
  });
}
