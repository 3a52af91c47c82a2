import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { open, truncate } from 'node:fs/promises';
import { test } from 'node:test';

import { getXattr } from '../../dist/index.js';
import { collect, openCache } from '../manager/support/caches.mjs';
import { listen } from '../manager/support/events.mjs';
import { bytesOf } from '../support/contents.mjs';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { slowly } from '../support/slow-sources.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { origin } from './support/origin.mjs';
import { overSharedDrivers } from './support/places.mjs';

const bytes = bytesOf(3_000_000);
const sri = `sha256-${createHash('sha256').update(bytes).digest('base64')}`;
const md5 = createHash('md5').update(bytes);
const md5Hex = md5.copy().digest('hex');
const md5Sri = `md5-${md5.digest('base64')}`;

const ways = {
  getOrFetch: async (cache, checksum) => {
    const { fetch } = origin({ bytes, chunkSize: 500_000 });
    await collect(await cache.getOrFetch('a', fetch, { checksum }));
  },
  cacheImage: (cache, checksum) => cache.cacheImage('a', slowly([bytes]), { checksum }),
  cachingIterator: (cache, checksum) => collect(cache.cachingIterator('a', slowly([bytes]), { checksum })),
};

for (const [way, put] of Object.entries(ways)) {
  test(`an image of ${way} – with a checksum – is ok`, async (t) => {
    const cache = await openCache(t);
    await put(cache, sri);
    assert.deepEqual(await cache.verify('a'), { result: 'ok', actual: sri });
    assert.equal(await cache.driver.isCached('a'), true);
    const recorded = await getXattr(cache.driver.getImageFilepath('a'), 'xattr_cache.digest');
    assert.equal(String(recorded), `${bytes.length} ${sri}`);
  });

  test(`an image of ${way} – without a checksum – is unknown, and has its digest`, async (t) => {
    const cache = await openCache(t);
    await put(cache, undefined);
    assert.deepEqual(await cache.verify('a'), { result: 'unknown', actual: sri });
    assert.equal(await cache.driver.isCached('a'), true);
    assert.equal(await getXattr(cache.driver.getImageFilepath('a'), 'xattr_cache.digest'), undefined);
  });
}

const damages = {
  'a flipped bit': [
    async (path) => {
      const file = await open(path, 'r+');
      await file.write(Buffer.from([bytes[2_000_000] ^ 1]), 0, 1, 2_000_000);
      await file.close();
    },
    /^ERR_CHECKSUM_MISMATCH: .*sha256-/,
  ],
  'a lost end': [(path) => truncate(path, 2_999_999), /^ERR_SIZE_MISMATCH: .* 2999999 bytes, expected 3000000$/],
  'nothing left': [(path) => truncate(path, 0), /^ERR_SIZE_MISMATCH: .* 0 bytes/],
};

for (const [damaged, [damage, reason]] of Object.entries(damages)) {
  test(`an image – ${damaged} – goes to invalid/, and can be fetched again`, async (t) => {
    const cache = await openCache(t);
    const events = listen(t);
    await ways.cacheImage(cache, sri);
    await damage(cache.driver.getImageFilepath('a'));
    const { result, actual } = await cache.verify('a');
    assert.equal(result, 'corrupt');
    assert.notEqual(actual, sri);
    assert.equal(await cache.driver.isCached('a'), false);
    const [{ imageId, error }] = await cache.driver.getInvalidImages();
    assert.equal(imageId, 'a');
    assert.match(error, reason);
    assert.equal(events.rollback.length, 1);
    await ways.getOrFetch(cache, sri);
    assert.equal((await cache.verify('a')).result, 'ok');
  });
}

test('a damaged image – replaced during verify() – leaves its successor alone', async (t) => {
  const cache = await openCache(t);
  const events = listen(t);
  await ways.cacheImage(cache, sri);
  await damages['a flipped bit'][0](cache.driver.getImageFilepath('a'));
  const onProgress = () => cache.driver.writeImage('a', Buffer.from('new'));
  assert.equal((await cache.verify('a', { onProgress })).result, 'corrupt');
  assert.deepEqual(events.rollback, []); // The new image stayed in the cache.
  assert.equal(String(await cache.driver.readImage('a')), 'new');
});

test('verify() – onProgress and signal – reports each chunk, and stops on abort', async (t) => {
  const cache = await openCache(t);
  await ways.cacheImage(cache, sri);
  let read = 0;
  const onProgress = async (size) => {
    read += size;
  };
  await cache.verify('a', { onProgress });
  assert.equal(read, bytes.length);

  const controller = new AbortController();
  const reason = new Error('enough');
  const stopping = cache.verify('a', { signal: controller.signal, onProgress: () => controller.abort(reason) });
  await assert.rejects(stopping, reason);
  assert.equal(await cache.driver.isCached('a'), true);
});

test('verify() – corrupt image that stays locked – fails and leaves it', async (t) => {
  const driver = await openDriver(t, { lockTimeoutMs: 50 });
  const cache = await openCache(t, { driver });
  await ways.cacheImage(cache, sri);
  const path = driver.getImageFilepath('a');
  await truncate(path, 2_999_999);
  await lockInProcess(t, path);

  await assert.rejects(cache.verify('a'), { code: 'ERR_LOCK_TIMEOUT', imageId: 'a' });

  assert.equal(await driver.isCached('a'), true);
  assert.deepEqual(await driver.getInvalidImages(), []);
});

overSharedDrivers('verifying', (place) => {
  test('a checksum – in hex – is recorded as the digest that it is', async (t) => {
    const cache = await openCache(t, await place(t));
    await ways.cacheImage(cache, { algorithm: 'MD5', hex: md5Hex });
    assert.deepEqual(await cache.verify('a'), { result: 'ok', actual: md5Sri });
  });

  test('verify() – an image – counts no hit, and leaves its times', async (t) => {
    const cache = await openCache(t, await place(t));
    await ways.cacheImage(cache, sri);
    const [before] = await cache.driver.getCachedImages();
    await cache.verify('a');
    assert.deepEqual(await cache.driver.getCachedImages(), [before]);
  });

  test('verify() – an image that is not cached – fails with ERR_IMAGE_NOT_FOUND', async (t) => {
    const cache = await openCache(t, await place(t));
    await assert.rejects(cache.verify('a'), { code: 'ERR_IMAGE_NOT_FOUND' });
    await assert.rejects(cache.verify('../a'), { code: 'ERR_INVALID_IMAGE_ID' });
  });
});
