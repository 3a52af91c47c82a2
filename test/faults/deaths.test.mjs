// Design, section 8: die at each call. A process is killed as it enters a system call, so that it has made all calls
// before and not this one; and once more after the last. Another process then checks the state that it left.

import { after, before, describe, test } from 'node:test';

import { operations } from './operations.mjs';
import { assertSound } from './support/aftermath.mjs';
import { killAt } from './support/kill-at.mjs';
import { needsStrace } from './support/strace.mjs';
import { sweep } from './support/sweep.mjs';
import { traceOperation } from './support/trace-operation.mjs';
import { TracedHost } from './support/traced-host.mjs';

const sampleSize = 15;

const end = { call: 'the end', nth: 1, fault: 'death', line: '' };

describe('a process that dies', { skip: needsStrace }, () => {
  const sweeps = [];
  let nextVictim;

  before(async () => {
    const host = new TracedHost();
    for (const operation of operations.filter(({ crash }) => crash)) {
      const calls = await traceOperation(host, operation);
      sweeps.push({ operation, points: [...calls.map((call) => ({ ...call, fault: 'death' })), end] });
    }
    await host.kill();
  });
  after(() => nextVictim?.kill());

  test('a process – killed at any call of an operation – leaves a sound cache', async (t) => {
    await sweep(t, sweeps, sampleSize, dieOnce);
  });

  async function dieOnce(dir, operation, point) {
    const victim = nextVictim ?? new TracedHost();
    nextVictim = new TracedHost(); // Starts meanwhile.
    let met = true;
    try {
      await victim.prepare(operation.name, dir);
      if (point === end) await victim.run();
      else met = await killAt(victim, point, dir);
    } finally {
      await victim.kill();
    }
    // Some get to the state after them only by what is done with them, which the dead cannot do.
    await assertSound(dir, operation, { done: point === end && operation.finish === undefined });
    return met;
  }
});
