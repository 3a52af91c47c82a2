// Writes that wait for room below the limits of a driver.

import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { native } from '../../dist/native/native.js';
import { listen } from '../manager/support/events.mjs';
import { bytesOf } from '../support/contents.mjs';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { within } from '../support/within.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { imageIds } from './conformance/assertions.mjs';

const limits = { maxSize: 150 };

/** A full driver, and the path of the lock that its evictions need. */
async function fullDriver(t) {
  const driver = await openDriver(t, { limits });
  await driver.writeImage('old', bytesOf(100));
  return { driver, lock: join(driver.dir, '.xattr-cache', 'lock') };
}

test('a write without room – evictions wait for another process – looks seldom', async (t) => {
  const { driver, lock } = await fullDriver(t);
  const release = await lockInProcess(t, lock);
  const puts = t.mock.method(native, 'putImageAsync');
  const elections = t.mock.method(native, 'electEvictorAsync');
  const writing = driver.writeImage('new', bytesOf(100));
  await sleep(500);
  assert(puts.mock.callCount() > 2 && puts.mock.callCount() <= 50, `${puts.mock.callCount()} attempts`);
  assert(elections.mock.callCount() <= 2, `${elections.mock.callCount()} elections`);
  assert.deepEqual(await imageIds(driver), ['old']);

  await release();
  await within(5_000, writing, 'the write');
  assert.deepEqual(await imageIds(driver), ['new']);
});

test('a write without room – another process evicts – looks and elects seldom', async (t) => {
  const { driver } = await fullDriver(t);
  const elected = await openDriver(t, { dir: driver.dir, limits });
  await elected.writeImage('old', bytesOf(100));
  t.mock.method(native, 'electEvictorAsync', async () => null);
  const puts = t.mock.method(native, 'putImageAsync');
  const writing = driver.writeImage('new', bytesOf(100));
  await sleep(500);
  assert(puts.mock.callCount() > 2 && puts.mock.callCount() <= 50, `${puts.mock.callCount()} attempts`);
  await within(5_000, writing, 'the write, which evicts by itself after a while');
  assert.deepEqual(await imageIds(driver), ['new']);
});

test('a write without room – the eviction fails – fails with its error, one event', async (t) => {
  const { driver, lock } = await fullDriver(t);
  const { error: events } = listen(t);
  await rm(lock, { force: true });
  await mkdir(lock);
  await assert.rejects(within(5_000, driver.writeImage('new', bytesOf(100)), 'the write'), {
    code: 'ERR_IO',
    message: /EISDIR/,
  });
  assert.deepEqual(
    events.map(({ operation, error }) => [operation, error.code]),
    [['auto-prune', 'EISDIR']],
  );
  await rm(lock, { recursive: true });
  await driver.writeImage('new', bytesOf(100));
  assert.deepEqual(await imageIds(driver), ['new']);
});

test('a write without room – limits set anew meanwhile – waits on, and is written', async (t) => {
  const { driver, lock } = await fullDriver(t);
  const release = await lockInProcess(t, lock);
  const writing = driver.writeImage('new', bytesOf(100));
  await sleep(50);
  const kept = await within(500, driver.limitTo({ maxSize: 200 }, { highWatermark: 1, evicts: true }), 'the limits');
  await release();
  await within(5_000, writing, 'the write');
  await kept.release();
  assert.deepEqual(await imageIds(driver), ['new']);
});
