// A process is killed at each call of its checkpoint. Another process, which has the directory open, makes the next one.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import { XattrDriver } from '../../dist/index.js';
import { mountForSuite, needsFileSystem } from '../support/file-systems.mjs';
import { pretendReboot } from '../support/reboot.mjs';
import { within } from '../support/within.mjs';
import { checkpoints } from './operations/checkpoints.mjs';
import { killAt } from './support/kill-at.mjs';
import { needsStrace } from './support/strace.mjs';
import { sweep } from './support/sweep.mjs';
import { traceOperation } from './support/trace-operation.mjs';
import { TracedHost } from './support/traced-host.mjs';

const kind = { type: 'ext4' };
const [operation] = checkpoints;
const options = { durability: 'checkpoint', checkpointIntervalMs: 3_600_000 };

describe('a process that dies in a checkpoint', { skip: needsStrace || needsFileSystem(kind) }, () => {
  const mounted = mountForSuite(kind);
  let points;

  before(async () => {
    const host = new TracedHost();
    points = (await traceOperation(host, operation, mounted.dir)).map((call) => ({ ...call, fault: 'death' }));
    await host.kill();
  });

  test('a process – killed at any call of its checkpoint – leaves the next to another', async (t) => {
    const calls = new Set(points.map(({ call }) => call));
    for (const call of ['flock', 'pwrite64', 'syncfs', 'fsetxattr']) assert(calls.has(call), `${call} is not traced`);
    await sweep(t, [{ operation, points }], points.length, dieOnce, mounted.dir);
  });
});

async function dieOnce(dir, _operation, point) {
  const victim = new TracedHost();
  let other;
  let met;
  try {
    await victim.prepare(operation.name, dir);
    other = await XattrDriver.open({ dir, ...options });
    await other.writeImage('b', operation.before);
    met = await killAt(victim, point, dir);
    await within(10_000, other.checkpoint(), 'the checkpoint of the other process');
    assert.equal((await other.getCheckpointState()).doubtfulImages, 0);
    await other.writeImage('doubtful', operation.before);
  } finally {
    await victim.kill();
  }
  pretendReboot(dir);
  const opened = await XattrDriver.open({ dir, ...options });
  try {
    for (const id of ['a', 'b']) assert.deepEqual(await opened.readImage(id), Buffer.from(operation.before), id);
    assert.equal(await opened.readImage('doubtful'), undefined);
  } finally {
    await opened.close();
    await other?.close();
  }
  return met;
}
