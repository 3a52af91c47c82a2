// Calls that finish without waiting still yield to the event loop.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

const times = 3_000;
const buffer = Buffer.alloc(1_000);

/** Returns how many turns the event loop takes until `work` is done. */
async function turnsDuring(work) {
  let turns = 0;
  let running = true;
  const turn = () => {
    turns += 1;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  running = false;
  return turns;
}

async function openReadClose(driver) {
  const reader = await driver.openForRead('image');
  await reader.read(buffer, 0, buffer.length, 0);
  return reader.close();
}

const reads = { 'whole images': (driver) => driver.readImage('image'), 'open images': openReadClose };

for (const [what, read] of Object.entries(reads)) {
  test(`reads of ${what} – one after another – yield to the event loop`, async (t) => {
    const driver = await openDriver(t);
    await driver.writeImage('image', bytesOf(1_000));
    const turns = await turnsDuring(async () => {
      for (let i = 0; i < times; i++) await read(driver);
    });
    assert(turns >= 3, `${turns} turns`);
    assert.equal(await driver.getHitCount('image'), times);
  });

  test(`reads of ${what} – many concurrently – yield, and each counts a hit`, async (t) => {
    // The last of them waits for the lock while all others count.
    const driver = await openDriver(t, { lockTimeoutMs: 60_000 });
    await driver.writeImage('image', bytesOf(1_000));
    const turns = await turnsDuring(() => Promise.all(Array.from({ length: times }, () => read(driver))));
    assert(turns >= 10, `${turns} turns`);
    assert.equal(await driver.getHitCount('image'), times);
  });
}
