// Two copies of the package in one process: a driver of one copy is given to a manager of the other.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { ImageCache } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { packageCopy } from '../support/package-copy.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';

let other;
before(async (t) => {
  other = await import(await packageCopy(t, { addon: true }));
});

async function mixedCache(t, options) {
  const driver = await other.XattrDriver.open({ dir: await temporaryDirectory(t) });
  const cache = await ImageCache.open({ driver, ...options });
  t.after(async () => {
    await cache.close();
    await driver.close();
  });
  return cache;
}

test('the driver of another copy – images cached – keeps checksum and limit', async (t) => {
  const cache = await mixedCache(t, { maxSize: 5000 });
  const checksum = { algorithm: 'sha256', hex: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' };
  await cache.cacheImage('empty', [], { checksum });
  assert.match(String(other.getXattrSync(cache.driver.getImageFilepath('empty'), 'xattr_cache.digest')), /^0 sha256-/);

  for (const imageId of ['a', 'b', 'c']) await cache.cacheImage(imageId, [bytesOf(2000)]);
  assert((await cache.driver.getCacheSize()) <= 5000);
});

test('the driver of another copy – image cached before the claim – leaves nothing', async (t) => {
  const cache = await mixedCache(t);
  const { driver } = cache;
  // The image is cached between the check and the claim.
  driver.isCacheable = async () => {
    driver.isCacheable = Object.getPrototypeOf(driver).isCacheable;
    await driver.writeImage('image', bytesOf(10));
    return true;
  };
  assert.equal(await cache.cacheImage('image', [bytesOf(10)]), false);
  assert.deepEqual(await driver.getInvalidImages(), []);
});

test('the driver of another copy – getOrFetch(), verify() – fail, naming two copies', async (t) => {
  const cache = await mixedCache(t);
  const expected = {
    name: 'TypeError',
    code: 'ERR_INVALID_ARG_VALUE',
    message: /'options\.driver' must be of the same copy of xattr-cache as the ImageCache .* is installed twice/,
  };
  await assert.rejects(
    cache.getOrFetch('image', () => []),
    expected,
  );
  await assert.rejects(cache.verify('image'), expected);
});
