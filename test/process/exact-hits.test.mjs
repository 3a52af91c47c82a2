// Hits are added under the image's lock: not one is lost between processes and threads.  Started together behind a
// barrier; how often a lock was found taken is counted, since a run without contention shows nothing.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { getXattrSync, incXattrSync, XattrDriver } from '../../dist/index.js';
import { together } from '../support/contenders.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';

const processes = 8;
const times = 5_000;

test('hits – 8 processes add 5,000 each to one file – are all counted', async (t) => {
  const path = join(await temporaryDirectory(t), 'file');
  await writeFile(path, '');

  const contended = await together('increment', path, processes, [times]);

  t.diagnostic(`${processes} × ${times} increments, lock found taken ${contended} times`);
  assert.equal(incXattrSync(path, 'hits', 0), processes * times);
  assert(contended > 0, 'no contention: the test shows nothing');
});

test('hits – several processes, no lock (the control) – are lost', async (t) => {
  const path = join(await temporaryDirectory(t), 'file');
  await writeFile(path, '');

  await together('increment-unlocked', path, processes, [times]);

  const sum = Number(getXattrSync(path, 'hits'));
  t.diagnostic(`${processes} × ${times} increments without a lock: ${processes * times - sum} lost`);
  assert(sum < processes * times, 'nothing was lost without the lock: the test above shows nothing');
});

test('hits – processes and threads, sync and async mixed – are all on the file', async (t) => {
  const dir = await temporaryDirectory(t);
  const driver = await XattrDriver.open({ dir });
  t.after(() => driver.close());
  await driver.writeImage('image', Buffer.alloc(4096, 7));
  const readers = { processes: 4, threads: 2, reads: 500 };

  await together('read', dir, readers.processes, [readers.threads, readers.reads]);

  assert.equal(await driver.getHitCount('image'), readers.processes * readers.threads * readers.reads);
});
