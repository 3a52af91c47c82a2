// Processes and threads that leave in the middle of what they do, by process.exit().

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { defer } from '../support/defer.mjs';
import { runScript } from '../support/run-script.mjs';
import { isFull } from '../support/scale.mjs';
import { versionBytes, versionIn } from '../support/versions.mjs';
import { within } from '../support/within.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

const ids = ['streamed', 'put', 'overwritten'];
const busy = new URL('./support/leaving-worker.mjs', import.meta.url);

/** Asserts that every image is whole, and can be written immediately. */
async function assertIntact(driver) {
  let whole = 0;
  for (const imageId of ids) {
    const bytes = await driver.readImage(imageId);
    if (bytes) whole += versionIn(imageId, bytes) ? 1 : 0;
    assert.equal(await driver.isBeingCached(imageId), false);
    const writer = await driver.openForWrite(imageId);
    await writer.write(versionBytes(imageId, 'after'));
    await writer.commit();
    assert.equal(versionIn(imageId, await driver.readImage(imageId)), 'after');
  }
  assert.equal((await driver.evictTo(0)).filesEvicted, ids.length);
  return whole;
}

test('a process – exits amid puts, reads and evictions – holds and damages nothing', async (t) => {
  const driver = await openDriver(t);
  const rounds = isFull ? 60 : 5;
  let whole = 0;
  for (let round = 0; round < rounds; round++) {
    const script = `
      const { begin } = await import('${busy}');
      const driver = await xattrCache.XattrDriver.open({ dir: args[0], inline: ${round % 2 === 0} });
      begin(driver);
      const leave = () => process.exit(0);
      if (${round} % 3 === 0) leave();
      else setTimeout(leave, ${round});`;
    await runScript(script, [driver.dir], { timeoutMs: 20_000 });
    whole += await assertIntact(driver);
  }
  t.diagnostic(`${rounds} processes, ${whole} whole images after them`);
});

test('a worker thread – exits amid puts, reads and evictions – does likewise', async (t) => {
  const driver = await openDriver(t);
  const rounds = isFull ? 500 : 20;
  let whole = 0;
  for (let round = 0; round < rounds; round++) {
    const worker = new Worker(busy, { workerData: { dir: driver.dir, leaveAfterMs: (round % 10) / 2 } });
    defer(t, () => worker.terminate());
    await within(20_000, once(worker, 'exit'), 'the end of a worker');
    whole += await assertIntact(driver);
  }
  t.diagnostic(`${rounds} threads, ${whole} whole images after them`);
});
