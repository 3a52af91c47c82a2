// Pruning and cleaning, as an operator or a timer does it beside what is going on.

import assert from 'node:assert/strict';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { jsonOf } from '../cli/support.mjs';
import { openCache } from '../manager/support/caches.mjs';
import { listen } from '../manager/support/events.mjs';
import { bytesOf } from '../support/contents.mjs';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { within } from '../support/within.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

/** Evicts as Glance's prune does, which looks for the coldest image again after each. */
async function evictOneByOne(driver, targetSize) {
  for (let size = await driver.getCacheSize(); size > targetSize; ) {
    const coldest = await driver.getLeastRecentlyAccessed();
    await driver.deleteCachedImage(coldest.imageId);
    size -= coldest.size;
  }
}

/** Milliseconds of processor time, in all threads, so that what else the machine does is of no matter. */
async function costOf(task) {
  const before = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

test('glance B12: a prune – many images to evict – walks once', async (t) => {
  const caches = await Promise.all([1, 2].map(() => openCache(t, { autoPrune: false })));
  for (const { driver } of caches) {
    for (let i = 0; i < 500; i++) driver.writeImageSync(`${i}`, bytesOf(10));
  }
  const [ours, another] = caches;

  const cost = await costOf(() => ours.prune({ maxSize: 2500 }));
  const costOneByOne = await costOf(() => evictOneByOne(another.driver, 2500));

  t.diagnostic(`250 of 500 images: ${cost.toFixed(1)} ms, one by one ${costOneByOne.toFixed(1)} ms`);
  for (const { driver } of caches) assert.equal(await driver.getCacheSize(), 2500);
  assert(cost < costOneByOne / 4, `${cost} ms, one by one ${costOneByOne} ms`);
});

test('glance B13: prune, clean, prefetch – no setting but the directory – work', async (t) => {
  const dir = await temporaryDirectory(t);
  for (const part of ['incomplete', 'invalid', 'queue']) await mkdir(join(dir, part));
  for (const path of ['a', 'b', 'invalid/c', 'queue/d', 'queue/e']) await writeFile(join(dir, path), 'bytes');
  const cache = await openCache(t, { dir });

  assert.equal((await cache.prune({ maxSize: 5 })).filesPruned, 1);
  assert.equal((await cache.clean()).invalidReaped, 1);
  assert.deepEqual((await cache.prefetch(() => Buffer.from('bytes'))).cached.toSorted(), ['d', 'e']);
  for (const command of [['prune', '--max-size', '5'], ['clean']]) {
    assert.equal((await jsonOf(command, { dir })).code, 0);
  }
  assert.equal(await cache.driver.getCacheSize(), 5);
});

const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;

test('glance B16: a cleaner – live download, silent for long – leaves it alone', async (t) => {
  const events = listen(t);
  const cache = await openCache(t);
  const { dir } = cache.driver;
  const parts = [bytesOf(1000, 1), bytesOf(1000, 2)];
  const download = cache.cachingIterator('image', parts);
  assert.deepEqual((await download.next()).value, parts[0]);
  const names = await readdir(join(dir, 'incomplete'));
  for (const name of names) await utimes(join(dir, 'incomplete', name), twoDaysAgo, twoDaysAgo);

  for (const stallTime of [86_400, 0]) {
    const { value } = await jsonOf(['clean', '--stall-time', `${stallTime}`], { dir });
    assert.deepEqual(value, { invalidReaped: 0, stalledReaped: 0 });
  }

  assert.deepEqual((await download.next()).value, parts[1]);
  assert.equal((await download.next()).done, true);
  assert.deepEqual(await cache.driver.readImage('image'), Buffer.concat(parts));
  assert.equal(names.length, 2);
  assert.deepEqual(events.error, []);
});

test('glance B23: a prune – unremovable and unknown files – ends, evicts the unknown', async (t) => {
  const driver = await openDriver(t);
  const path = join(driver.dir, 'planted');
  await writeFile(path, bytesOf(2000));
  const release = await lockInProcess(t, path);
  const cache = await openCache(t, { dir: driver.dir, maxSize: 1000 });

  assert.equal((await within(5000, cache.prune(), 'prune()')).filesPruned, 0);
  assert.equal(await within(5000, cache.cacheImage('image', [bytesOf(500)]), 'cacheImage()'), true);
  await within(5000, cache.close(), 'the prune after a commit');
  assert.equal(await driver.getImageSize('planted'), 2000);

  await release();
  assert.deepEqual(
    (await driver.evictTo(1000)).images.map(({ imageId }) => imageId),
    ['planted'],
  );
});
