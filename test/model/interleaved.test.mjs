// Concurrent operations on one image, through several drivers in two processes: their results, and the state that they
// leave, must be those of their steps in some order.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { driverProcess } from '../support/driver-process.mjs';
import { isFull } from '../support/scale.mjs';
import { seed } from '../support/seed.mjs';
import { versionBytes, versionIn } from '../support/versions.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { explain, stateOf } from './support/interleavings.mjs';
import { emptyState, operations } from './support/steps.mjs';

const id = 'image';
const sequences = isFull ? 400 : 20;

/** How each operation is done through `call`, which calls a method of a driver, here or in another process. */
const doing = {
  put: async (call, version) => {
    await call('writeImage', id, versionBytes(id, version));
    return 'done';
  },
  stream: async (call, version) => {
    try {
      await call('openForWrite', id);
      await call('write', id, versionBytes(id, version));
      await call('commit', id);
      return 'done';
    } catch (error) {
      return error.code;
    }
  },
  readImage: async (call) => {
    const bytes = await call('readImage', id);
    return bytes && versionIn(id, Buffer.from(bytes));
  },
  evictTo: async (call) => {
    const { images } = await call('evictTo', 0);
    return images.length === 0 ? 'nothing' : `evicted with ${images[0].hits} hits`;
  },
};

const perform = (call, { operation, version }) => doing[operation]?.(call, version) ?? call(operation, id);

/** Like that of a driver process, for a driver here. */
function callerOf(driver) {
  const writers = [];
  const steps = {
    openForWrite: async () => void writers.push(await driver.openForWrite(id)),
    write: (_id, bytes) => writers.at(-1).write(bytes),
    commit: () => writers.pop().commit(),
  };
  return async (method, ...args) => (steps[method] ?? driver[method].bind(driver))(...args);
}

async function look(driver) {
  const hits = await driver.getHitCount(id);
  const reader = await driver.openForRead(id).catch(() => undefined);
  const bytes = reader && Buffer.alloc(reader.size);
  await reader?.read(bytes, 0, bytes.length, 0);
  await reader?.abort();
  const version = bytes && versionIn(id, bytes);
  return { version, hits, queued: await driver.isQueued(id), writing: await driver.isBeingCached(id) };
}

/** Up to three concurrent operations. Each driver runs at most one of them, since it has one writer. */
const together = fc.uniqueArray(
  fc.record({ driver: fc.nat(2), operation: fc.constantFrom(...Object.keys(operations)) }),
  { selector: ({ driver }) => driver, minLength: 2, maxLength: 3 },
);

test('concurrent operations – any three on one image – equal some serial order', async (t) => {
  const driver = await openDriver(t);
  const pooled = await openDriver(t, { dir: driver.dir, inline: false });
  const other = await driverProcess(t, { dir: driver.dir });
  const drivers = [callerOf(driver), callerOf(pooled), other.call];
  const figures = { serial: 0, interleaved: 0 };
  let puts = 0;

  const property = fc.asyncProperty(fc.array(together, { minLength: 10, maxLength: 20 }), async (batches) => {
    await pooled.deleteCachedImage(id);
    await pooled.deleteQueuedImage(id);
    let state = emptyState();
    for (const batch of batches) {
      const calls = batch.map(({ operation, driver }) => ({ operation, driver, version: `${++puts}` }));
      const answers = await Promise.all(calls.map((call) => perform(drivers[call.driver], call)));
      const after = await look(driver);
      const how = explain(state, calls, answers, after);
      assert(how, JSON.stringify({ before: state, calls, answers, after }));
      figures[how] += 1;
      state = stateOf(after);
    }
  });
  await fc.assert(property, { seed, numRuns: sequences, endOnFailure: true });

  t.diagnostic(`seed ${seed}: ${JSON.stringify(figures)}`);
});

test('a wrong result – no serial order explains it (the control) – is noticed', () => {
  const before = emptyState();
  const put = { operation: 'put', version: '1' };
  const read = { operation: 'readImage' };
  const one = { version: '1', hits: 1, queued: false, writing: false };
  assert.equal(explain(before, [put, read], ['done', '1'], one), 'serial');
  assert.equal(explain(before, [put, read], ['done', undefined], { ...one, hits: 0 }), 'serial');
  assert.equal(explain(before, [put, read], ['done', '1'], { ...one, hits: 0 }), undefined, 'a lost hit');
  assert.equal(explain(before, [put, read], ['done', '2'], one), undefined, 'wrong bytes');
  const remove = { operation: 'deleteCachedImage' };
  const stream = { operation: 'stream', version: '1' };
  assert.equal(
    explain(before, [stream, remove], ['ERR_CLAIM_LOST', undefined], { ...one, version: undefined, hits: 0 }),
    'interleaved',
  );
  assert.equal(explain(before, [stream, remove], ['ERR_CLAIM_LOST', undefined], one), undefined, 'a deleted image');
});
