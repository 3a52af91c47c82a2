import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { native } from '../../dist/native/native.js';
import { collect, openCache, tidiness } from '../manager/support/caches.mjs';
import { listen } from '../manager/support/events.mjs';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { mountFresh, mountReadOnly, needsMount } from '../support/mounts.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { within } from '../support/within.mjs';
import { barrier, origin, until } from './support/origin.mjs';
import { overSharedDrivers } from './support/places.mjs';

/** Two concurrent callers, each of which gets all bytes. */
async function bothGetAll(cache, { fetch, bytes }, options) {
  const images = await within(
    5_000,
    Promise.all([cache.getOrFetch('a', fetch, options), cache.getOrFetch('a', fetch, options)]),
    'both images',
  );
  for (const { bytes: got, error } of await within(20_000, Promise.all(images.map(collect)), 'all bytes')) {
    assert.equal(error, undefined);
    assert(got.equals(bytes));
  }
  return images;
}

const wrong = `sha256-${Buffer.alloc(32).toString('base64')}`;

test('an image – claimed by a foreign writer – bypasses the cache', async (t) => {
  const cache = await openCache(t);
  const theirs = cache.driver.getImageFilepath('a', 'incomplete');
  await writeFile(theirs, 'part of the image, by Glance');
  for (const { source } of await bothGetAll(cache, origin())) assert.equal(source, 'uncached');
  assert.equal(await cache.driver.isCached('a'), false);
  assert.equal(await cache.driver.isBeingCached('a'), true);
});

for (const [changed, change] of Object.entries({
  resized: (buffer) => buffer.resize(10),
  transferred: (buffer) => structuredClone(buffer, { transfer: [buffer] }),
})) {
  test(`a source past the cache – its chunk is ${changed} during the read – is an error`, async (t) => {
    const cache = await openCache(t);
    await writeFile(cache.driver.getImageFilepath('a', 'incomplete'), 'part of the image, by Glance');
    const chunk = new Uint8Array(new ArrayBuffer(1_000_000, { maxByteLength: 1_000_000 })).fill(97);
    const image = await cache.getOrFetch('a', () => [chunk, new Uint8Array(100_000).fill(98)]);
    assert.equal(image.source, 'uncached');
    const got = [];
    const reading = async () => {
      for await (const part of image) {
        got.push(part);
        if (got.length === 1) change(chunk.buffer);
      }
    };
    await assert.rejects(reading(), { code: 'ERR_FETCH_FAILED', message: /changed a chunk while it was read$/ });
    assert(Buffer.concat(got).every((byte) => byte === 97));
  });
}

test('an image past the cache – wrong checksum or length – is an error', async (t) => {
  const cache = await openCache(t);
  await writeFile(cache.driver.getImageFilepath('a', 'incomplete'), 'part of the image, by Glance');
  const { fetch } = origin();
  const codeWith = async (options) => (await collect(await cache.getOrFetch('a', fetch, options))).error?.code;
  assert.equal(await codeWith({ checksum: wrong }), 'ERR_CHECKSUM_MISMATCH');
  assert.equal(await codeWith({ expectedSize: 199_999 }), 'ERR_SIZE_MISMATCH');
  assert.equal(await codeWith({ expectedSize: 200_001 }), 'ERR_SIZE_MISMATCH');
});

test('a range past the cache – source that resumes or not – asks for its start', async (t) => {
  const cache = await openCache(t);
  await writeFile(cache.driver.getImageFilepath('a', 'incomplete'), 'part of the image, by Glance');
  for (const resumes of [true, false]) {
    const { fetch, fetches, bytes } = origin({ resumes });
    const image = await cache.getOrFetch('a', fetch);
    const { bytes: got } = await collect(image.createReadStream({ start: 100_005, end: 150_000 }));
    assert(got.equals(bytes.subarray(100_005, 150_001)));
    assert.deepEqual(fetches, [100_005]);
  }
});

test('a fetch – the disk becomes full – gives all bytes to every reader', { skip: needsMount }, async (t) => {
  const dir = join(await mountFresh(t, 'tmpfs', 'size=256k'), 'cache');
  const cache = await openCache(t, { dir });
  const other = await openCache(t, { dir });
  const gate = barrier(100_000);
  const source = origin({ size: 400_000, pause: gate.pause });
  const images = [await cache.getOrFetch('a', source.fetch), await other.getOrFetch('a', source.fetch)];
  const reading = Promise.all(images.map(collect));
  gate.open();
  for (const { bytes: got, error } of await within(20_000, reading, 'all bytes')) {
    assert.equal(error, undefined);
    assert(got.equals(source.bytes));
  }
  assert.equal((await tidiness(cache)).incomplete, 0);
});

test('an image – its length exceeds the free space – bypasses the cache', { skip: needsMount }, async (t) => {
  const dir = join(await mountFresh(t, 'tmpfs', 'size=256k'), 'cache');
  const cache = await openCache(t, { dir });
  const images = await bothGetAll(cache, origin({ size: 400_000 }), { expectedSize: 400_000 });
  for (const { source } of images) assert.equal(source, 'uncached');
});

test('a read-only cache – an image that is not cached – is bypassed', { skip: needsMount }, async (t) => {
  const dir = await temporaryDirectory(t);
  const writable = await openCache(t, { dir });
  await writable.driver.writeImage('b', Buffer.from('bytes'));
  const cache = await openCache(t, { dir: await mountReadOnly(t, dir) });
  for (const { source } of await bothGetAll(cache, origin())) assert.equal(source, 'uncached');
  assert.equal((await cache.getOrFetch('b', () => assert.fail('fetched'))).source, 'cache');
});

test('a token – cannot be read – counts as foreign', async (t) => {
  const dir = await temporaryDirectory(t);
  const cache = await openCache(t, { dir });
  const path = cache.driver.getImageFilepath('a', 'incomplete');
  await mkdir(path);
  for (const { source } of await bothGetAll(cache, origin())) assert.equal(source, 'uncached');
});

test('a fetch – its image cannot be read meanwhile – is bypassed, the next one works', async (t) => {
  const cache = await openCache(t);
  const fail = () => {
    throw Object.assign(new Error('EIO: i/o error, fgetxattr'), { code: 'EIO', errno: -5, syscall: 'fgetxattr' });
  };
  t.mock.method(native, 'pollSync', fail, { times: 1 });
  const { fetch, bytes } = origin();
  for (let round = 0; round < 2; round++) {
    const { bytes: got, error } = await collect(await cache.getOrFetch('a', fetch));
    assert.equal(error, undefined);
    assert(got.equals(bytes));
  }
});

/** A cache above its limit, whose prune waits for a prune of another process. */
async function waitingToPrune(t) {
  const cache = await openCache(t, { maxSize: 1_500 });
  await cache.cacheImage('first', [Buffer.alloc(1_000)]);
  await cache.driver.evictTo(999);
  const release = await lockInProcess(t, join(cache.driver.dir, '.xattr-cache', 'lock'));
  for (const id of ['second', 'third']) cache.cacheImage(id, [Buffer.alloc(1_000)]).catch(() => {});
  await until(() => cache.driver.isCached('third'), 'over the limit');
  await sleep(50);
  return { cache, release };
}

test('a fetch – a prune elsewhere lasts over a second – bypasses the cache', async (t) => {
  const { cache, release } = await waitingToPrune(t);
  const { fetch, bytes } = origin({ size: 500 });
  const started = performance.now();
  const image = await within(5_000, cache.getOrFetch('a', fetch), 'the image');
  assert(performance.now() - started >= 900);
  assert.equal(image.source, 'uncached');
  assert((await collect(image)).bytes.equals(bytes));
  assert.equal(await cache.driver.isCached('a'), false);
  await release();
});

test('close() – a caller waits for a prune – fails it, and nothing is fetched', async (t) => {
  const { cache, release } = await waitingToPrune(t);
  const asked = cache.getOrFetch('a', () => assert.fail('fetched'));
  const closing = cache.close();
  await assert.rejects(within(500, asked, 'the refusal'), { code: 'ERR_NOT_OPEN' });
  await release();
  await closing;
});

overSharedDrivers('an image past the cache', (place) => {
  test('a fetch – its image is deleted – emits the error, its consumer gets all bytes', async (t) => {
    const cache = await openCache(t, await place(t));
    const { error: events } = listen(t);
    const image = await cache.getOrFetch('a', async function* () {
      yield Buffer.from('before, ');
      await cache.driver.deleteCachedImage('a');
      yield Buffer.from('after');
    });
    assert.equal(String((await collect(image)).bytes), 'before, after');
    await until(() => events.length > 0, 'an event');
    assert.deepEqual(
      events.map(({ imageId, error }) => [imageId, error?.code]),
      [['a', 'ERR_CLAIM_LOST']],
    );
  });

  test('a fetch – image of unknown length above maxSize – is read, and not cached', async (t) => {
    const cache = await openCache(t, { ...(await place(t)), maxSize: 150_000 });
    const { error: errors } = listen(t);
    await bothGetAll(cache, origin());
    assert.equal(await cache.driver.isCached('a'), false);
    assert.equal((await tidiness(cache)).incomplete, 0);
    assert.deepEqual(
      errors.map(({ error }) => error.code),
      ['ERR_NO_SPACE'],
    );
  });

  test('a fetch – image of known length above maxSize – cancels its first response', async (t) => {
    const cache = await openCache(t, { ...(await place(t)), maxSize: 150_000 });
    const source = origin();
    let cancelled = 0;
    const fetch = () => {
      const body = new ReadableStream({
        start: (controller) => {
          controller.enqueue(source.bytes);
          controller.close();
        },
        cancel: () => {
          cancelled += 1;
        },
      });
      const endless = new ReadableStream({
        cancel: () => {
          cancelled += 1;
        },
      });
      const first = !fetch.called;
      fetch.called = true;
      return new Response(first ? endless : body, { headers: { 'content-length': '200000' } });
    };
    await bothGetAll(cache, { fetch, bytes: source.bytes });
    assert.equal(cancelled, 1);
  });
});
