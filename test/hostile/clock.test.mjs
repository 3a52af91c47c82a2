// A clock that was set back: the times of earlier operations lie in the future now.

import assert from 'node:assert/strict';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { openCache } from '../manager/support/caches.mjs';
import { bytesOf } from '../support/contents.mjs';
import { shuffled } from '../support/sample.mjs';
import { randomNumbers, seed } from '../support/seed.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { operations, outcomeOf, readsBytes, writesBytes, written } from './operations.mjs';

const day = 86_400;
const ids = Array.from({ length: 12 }, (_, i) => `${i}`);
const idsOf = ({ images }) => images.map((image) => image.imageId);
const fromNow = (seconds) => Date.now() / 1000 + seconds;

function setTimes(path, accessed, modified = accessed) {
  utimesSync(path, accessed, modified);
}

async function driverFromTheFuture(t, options) {
  const driver = await openDriver(t, options);
  for (const [i, id] of ids.entries()) {
    await driver.writeImage(id, bytesOf(10));
    await sleep(10); // Births are told apart by the kernel's tick.
    setTimes(join(driver.dir, id), fromNow(day + 2 * i), fromNow(day + i));
  }
  return driver;
}

for (const accessResolutionMs of [0, 3_600_000]) {
  test(`an eviction – future times, reads now (${accessResolutionMs} ms) – is in order`, async (t) => {
    const driver = await driverFromTheFuture(t, { accessResolutionMs });
    const order = shuffled(ids, randomNumbers());
    for (const id of order) await driver.readImage(id);
    assert.deepEqual(idsOf(await driver.evictTo(0)), order, `seed ${seed}`);
  });
}

test('an eviction – future times, untouched – goes by birth, before images used now', async (t) => {
  const driver = await driverFromTheFuture(t);
  await driver.writeImage('new', bytesOf(10));
  await driver.readImage('7');
  assert.deepEqual(idsOf(await driver.evictTo(0)), [...ids.filter((id) => id !== '7'), 'new', '7']);
});

test('a future time – listed, evicted, in the stats – counts as the last use before', async (t) => {
  const driver = await openDriver(t);
  const cache = await openCache(t, { driver });
  const before = Date.now() - 1000; // The kernel's clock has ticks.
  await driver.writeImage('both', bytesOf(10));
  await driver.writeImage('access', bytesOf(10));
  setTimes(join(driver.dir, 'both'), fromNow(day));
  setTimes(join(driver.dir, 'access'), fromNow(day), 5000);

  const { oldestAccessMs, newestAccessMs } = await cache.stats();
  const listed = await driver.getCachedImages();
  const { images } = await driver.evictTo(0);

  for (const list of [listed, images]) {
    const [access, both] = list.map(({ lastAccessedMs }) => lastAccessedMs);
    assert.equal(access, 5_000_000);
    assert(both > before && both <= Date.now(), `${both}`);
  }
  assert.equal(oldestAccessMs, 5_000_000);
  assert(newestAccessMs > before && newestAccessMs <= Date.now(), `${newestAccessMs}`);
});

test('future times – request; failure and foreign writer – is served last; are reaped', async (t) => {
  const driver = await openDriver(t, { stallTimeSeconds: day / 2 });
  for (const id of ['late', 'early']) await driver.queueImage(id);
  setTimes(join(driver.dir, 'queue', 'late'), fromNow(day));
  for (const place of ['incomplete/foreign', 'invalid/failed', 'incomplete/.d-0123456789abcdef']) {
    writeFileSync(join(driver.dir, place), 'partial');
    setTimes(join(driver.dir, place), fromNow(day));
  }
  assert.deepEqual(await driver.getQueuedImages(), ['early', 'late']);
  assert.equal(await driver.isBeingCached('foreign'), true);

  assert.deepEqual(await driver.clean(), { invalidReaped: 1, stalledReaped: 2 });

  assert.equal(await driver.isBeingCached('foreign'), false);
  assert.deepEqual(readdirSync(join(driver.dir, 'incomplete')), []);
});

const moments = { 'far ahead': fromNow(50 * 365 * day), 'at the beginning': 0, 'before the beginning': -day };
for (const [when, moment] of Object.entries(moments)) {
  test(`every operation – file times ${when} – works`, async (t) => {
    const driver = await openDriver(t);
    for (const name of Object.keys(operations)) {
      driver.writeImageSync('odd', bytesOf(300));
      driver.queueImageSync('queued');
      writeFileSync(join(driver.dir, 'invalid', 'failed'), '');
      for (const path of ['odd', 'queue/queued', 'invalid/failed', 'incomplete', '.']) {
        setTimes(join(driver.dir, path), moment);
      }

      const { status, value, reason } = await outcomeOf(name, driver, 'odd');

      assert.equal(status, 'fulfilled', `${name}: ${reason?.stack}`);
      if (readsBytes(name)) assert.deepEqual(value, bytesOf(300), name);
      if (writesBytes(name)) assert.deepEqual(await driver.readImage('odd'), written, name);
    }
  });
}
