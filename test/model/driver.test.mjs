// Random sequences of operations: each answers what a model in memory says, and leaves what it says.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';

import { isFull } from '../support/scale.mjs';
import { seed } from '../support/seed.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { commandsOf } from './support/commands.mjs';
import { driverOperations, emptyModel } from './support/driver-operations.mjs';

const sequences = isFull ? 2_000 : 70;

async function emptied(driver) {
  await Promise.all([driver.deleteAllCachedImages(), driver.deleteAllQueuedImages(), driver.clean(0)]);
}

async function letGo({ readers, writers }) {
  for (const reader of readers.values()) await reader.abort();
  for (const writer of writers.values()) await writer.rollback('the end');
}

/** `nextDriver` answers the driver for the next operation. */
async function runSequences(t, nextDriver) {
  const counts = {};
  const commands = commandsOf(driverOperations, counts, { maxCommands: 80, size: 'max' });
  const property = fc.asyncProperty(commands, async (sequence) => {
    const real = {
      readers: new Map(),
      writers: new Map(),
      get driver() {
        return nextDriver();
      },
    };
    try {
      await fc.asyncModelRun(() => ({ model: emptyModel(), real }), sequence);
    } finally {
      await letGo(real);
      await emptied(real.driver);
    }
    assert.deepEqual(await readdir(join(real.driver.dir, 'incomplete')), []);
  });
  await fc.assert(property, { seed, numRuns: sequences });
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const untried = Object.keys(driverOperations).filter((name) => !counts[name]);
  t.diagnostic(
    `seed ${seed}: ${sequences} sequences, ${total} operations, never tried: ${untried.join(', ') || 'none'}`,
  );
  assert(untried.length <= 3, `never tried: ${untried}`);
}

for (const inline of [true, false]) {
  test(`a driver – any calls, ${inline ? 'inline' : 'in the pool'} – matches the model`, async (t) => {
    const driver = await openDriver(t, { inline });
    await runSequences(t, () => driver);
  });
}

test('three drivers – one directory, taking turns – act like one driver', async (t) => {
  const first = await openDriver(t);
  const { dir } = first;
  const drivers = [first, await openDriver(t, { dir, inline: false }), await openDriver(t, { dir })];
  let turn = 0;
  await runSequences(t, () => drivers[turn++ % drivers.length]);
});
