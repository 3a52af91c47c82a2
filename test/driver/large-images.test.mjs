// Images too large for a Buffer, and images whose last descriptor frees many blocks.

import assert from 'node:assert/strict';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';

import { CacheError } from '../../dist/index.js';
import { native } from '../../dist/native/native.js';
import { openCache } from '../manager/support/caches.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

const large = Buffer.alloc(9 * 1024 * 1024, 3);

test('readImage() – more than a Buffer holds – fails, and names openForRead', async (t) => {
  const driver = await openDriver(t);
  const path = join(driver.dir, 'big');
  await writeFile(path, '');
  await truncate(path, 2 ** 43);

  for (const read of [async () => driver.readImage('big'), async () => driver.readImageSync('big')]) {
    await assert.rejects(read, (error) => {
      assert(CacheError.is(error), error);
      assert.equal(error.code, 'ERR_IO');
      assert.match(error.message, /^image "big" has 8796093022208 bytes, too many for one Buffer: .*openForRead/);
      return true;
    });
  }
  assert.equal(await driver.getHitCount('big'), 0);
});

test('a large image – verified, read or fetched – is closed in the thread pool', async (t) => {
  const cache = await openCache(t);
  const closedHere = t.mock.method(native, 'releaseSync');
  const closedInPool = t.mock.method(native, 'releaseAsync');
  await cache.driver.writeImage('large', large);

  await cache.verify('large');
  assert.equal(closedHere.mock.callCount(), 0, 'verify');
  await (await cache.driver.openForRead('large')).close();
  assert.equal(closedHere.mock.callCount(), 0, 'close');
  await (await cache.driver.openForRead('large')).abort();
  assert.equal(closedHere.mock.callCount(), 0, 'abort');
  assert.equal(closedInPool.mock.callCount(), 3);

  const fetched = await cache.getOrFetch('fetched', () => [large]);
  assert.equal((await buffer(fetched)).length, large.length);
  await cache.close();
  // The follower, which shares the image and is closed first, and the directory.
  assert.equal(closedHere.mock.callCount(), 2);
});
