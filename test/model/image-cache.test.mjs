// The same for a cache that looks after itself: its tees, its queue, its prunes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { openCache, overEachDriver } from '../manager/support/caches.mjs';
import { isFull } from '../support/scale.mjs';
import { seed } from '../support/seed.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { cacheOperations, emptyCacheModel } from './support/cache-operations.mjs';
import { commandsOf } from './support/commands.mjs';

const sequences = isFull ? 2_000 : 40;

/** `nextCache` answers the cache for the next operation. */
async function runSequences(t, nextCache) {
  const counts = {};
  const commands = commandsOf(cacheOperations, counts, { maxCommands: 60, size: 'max' });
  const real = {
    get cache() {
      return nextCache();
    },
  };
  const property = fc.asyncProperty(commands, async (sequence) => {
    try {
      await fc.asyncModelRun(() => ({ model: emptyCacheModel(), real }), sequence);
    } finally {
      const { driver } = nextCache();
      await Promise.all([driver.deleteAllCachedImages(), driver.deleteAllQueuedImages(), driver.clean(0)]);
    }
  });
  await fc.assert(property, { seed, numRuns: sequences });
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  t.diagnostic(`seed ${seed}: ${sequences} sequences, ${total} operations`);
  assert.deepEqual(
    Object.keys(cacheOperations).filter((name) => !counts[name]),
    [],
    'never tried',
  );
}

overEachDriver('a model', (open) => {
  test('a cache – any operations – matches the model', async (t) => {
    const cache = await open(t, { autoPrune: false });
    await runSequences(t, () => cache);
  });
});

test('two caches – one directory, taking turns – do what one cache does', async (t) => {
  const dir = await temporaryDirectory(t);
  const caches = [await openCache(t, { dir }), await openCache(t, { dir })];
  let turn = 0;
  await runSequences(t, () => caches[turn++ % caches.length]);
});
