// Entries of the directory that are no images.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { XattrDriver } from '../../dist/index.js';
import { imageIds } from '../driver/conformance/assertions.mjs';
import { openCache } from '../manager/support/caches.mjs';
import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { mountFresh, needsMount } from '../support/mounts.mjs';
import { temporaryDirectory, tree } from '../support/temporary-directory.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

/** Returns the images as Glance sees them: any regular file in the directory itself. */
async function imagesForGlance(dir) {
  const entries = await readdir(dir, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

test('glance B19: the cache’s own files – listed by us or by Glance – are no images', async (t) => {
  const cache = await openCache(t, { maxSize: 500, lowWatermark: 0.1 });
  const { driver } = cache;
  const look = async (expected) => {
    assert.deepEqual(await imageIds(driver), expected);
    assert.deepEqual(await imagesForGlance(driver.dir), expected);
    assert.equal(await driver.getCacheSize(), 100 * expected.length);
  };
  await look([]);

  await cache.cacheImage('image', [bytesOf(100)]);
  const writer = await driver.openForWrite('written');
  await writer.write(bytesOf(1000));
  await (await driver.openForWrite('failed')).rollback('boom');
  await cache.queueImage('queued');
  await cache.prune({ maxSize: 100 });
  await look(['image']);

  await cache.prune({ maxSize: 0 });
  assert.equal(await driver.deleteAllCachedImages(), 0);
  await look([]);
  await writer.commit();
  assert.deepEqual(await imageIds(driver), ['written']);
});

/** Directories in which a cache cannot be set up, or not wholly, and the code of what configure() says then, if it says it. */
const troubles = {
  'no user attributes': async (t) => {
    const dir = await mountFresh(t, 'ramfs');
    return { dir, cause: 'EOPNOTSUPP' };
  },
  'another file system in a part of it': async (t) => {
    const dir = await temporaryDirectory(t);
    await mkdir(join(dir, 'incomplete'));
    const at = await mountFresh(t, 'tmpfs');
    execFileSync('mount', ['--bind', at, join(dir, 'incomplete')]);
    defer(t, () => execFileSync('umount', ['--lazy', join(dir, 'incomplete')]));
    return { dir, cause: 'EXDEV' };
  },
  'no inode left for the layout': async (t) => {
    const dir = await mountFresh(t, 'tmpfs', 'nr_inodes=3');
    return { dir, cause: 'ENOSPC' };
  },
  'no inode left': async (t) => {
    const dir = await mountFresh(t, 'tmpfs', 'nr_inodes=5');
    await openDriver(t, { dir });
    await writeFile(join(dir, 'last'), 'bytes');
    return { dir };
  },
};

for (const [what, make] of Object.entries(troubles)) {
  test(`glance B22: configure() – ${what} – names the failure and leaves no probe`, {
    skip: needsMount,
  }, async (t) => {
    const { dir, cause } = await make(t);
    const before = await tree(dir);
    const opening = XattrDriver.open({ dir });
    if (cause === undefined) await (await opening).close();
    else {
      const error = await opening.then(assert.fail, (refusal) => refusal);
      assert.deepEqual([error.code, error.cause.code], ['ERR_BAD_DRIVER_CONFIGURATION', cause]);
    }
    const layout = ['incomplete', 'invalid', 'queue', '.xattr-cache', '.xattr-cache/clock'];
    const left = (await tree(dir)).filter((path) => !before.includes(path) && !layout.includes(path));
    assert.deepEqual(left, []);
  });
}
