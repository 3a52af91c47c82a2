import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

/** Starts a worker thread from a script in test/support/, and waits until it reports that it works. */
async function startWorker(t, script, workerData) {
  const worker = new Worker(new URL(`../support/${script}`, import.meta.url), { workerData });
  defer(t, () => worker.terminate());
  await once(worker, 'message');
  return worker;
}

test('a worker thread – terminated while it writes – releases its claim', async (t) => {
  const driver = await openDriver(t);
  const worker = await startWorker(t, 'writing-worker.mjs', { dir: driver.dir });
  assert.equal(await driver.isBeingCached('image'), true);

  await worker.terminate();

  assert.equal(await driver.isBeingCached('image'), false);
  await (await driver.openForWrite('image')).commit();
  assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
});

test('hits – of three worker threads – are all counted', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', bytesOf(100));
  const script = new URL('../support/reading-worker.mjs', import.meta.url);

  const workers = [1, 2, 3].map(() => new Worker(script, { workerData: { dir: driver.dir, times: 100 } }));
  const exits = await Promise.all(workers.map((worker) => once(worker, 'exit')));

  assert.deepEqual(exits, [[0], [0], [0]]);
  assert.equal(await driver.getHitCount('image'), 600);
});

test('worker threads – terminated at any point – leave nothing held or damaged', async (t) => {
  const driver = await openDriver(t);
  const images = 200;
  for (let i = 0; i < images; i++) driver.writeImageSync(`${i}`, bytesOf(1000, i));

  for (let round = 0; round < 12; round++) {
    const start = (name) => startWorker(t, 'busy-worker.mjs', { dir: driver.dir, images, name });
    const workers = await Promise.all([start(1), start(2)]);
    await sleep(round);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  for (const name of ['written by 1', 'written by 2']) {
    assert.equal(await driver.isBeingCached(name), false);
    await (await driver.openForWrite(name)).commit();
  }
  assert.deepEqual(await driver.readImage('7'), bytesOf(1000, 7));
  const reader = await driver.openForRead('7');
  assert.deepEqual(await reader.close(), { counted: true });
  assert.equal((await driver.evictTo(0)).filesEvicted, images + 2);
  assert.equal((await driver.getUsage()).incomplete, 0);
});
