// Design, section 8: fail each call. The native suite does so inside of the engine (test/native/fault_sweep.h); here it is
// done to a process from outside, so that it is the built addon and the facade above it that have to cope, and that no
// hook decides what counts as a system call.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { operations } from './operations.mjs';
import { assertSound } from './support/aftermath.mjs';
import { documentedCodes } from './support/documented-codes.mjs';
import { needsStrace } from './support/strace.mjs';
import { sweep } from './support/sweep.mjs';
import { isNodesOwn, tableCalls, tableName } from './support/syscall-table.mjs';
import { traceOperation } from './support/trace-operation.mjs';
import { TracedHost } from './support/traced-host.mjs';

const errnos = ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EMFILE', 'ENOMEM', 'EINTR', 'ENOENT', 'ESTALE', 'EROFS'];
const sampleSize = 80;

describe('the system calls of every operation', { skip: needsStrace }, () => {
  let host;
  let traces;

  before(async () => {
    host = new TracedHost();
    traces = [];
    for (const operation of operations) traces.push({ operation, calls: await traceOperation(host, operation) });
  });
  after(() => host.kill());

  test('the system calls – of all operations – are those that the native sweep fails', (t) => {
    const calls = traces.flatMap(({ calls }) => calls).filter((call) => !isNodesOwn(call));
    const strangers = calls.filter((call) => !tableCalls.has(tableName(call)));
    assert.deepEqual(strangers, [], 'calls that the table does not know');

    const made = new Set(calls.map(tableName));
    const unmade = [...tableCalls].filter((call) => !made.has(call));
    assert.deepEqual(unmade, [], 'calls of the table that no operation here makes');
    t.diagnostic(`${calls.length} calls of ${made.size} names`);
  });

  test('the system calls – each fails once – the operation fails typed or succeeds', async (t) => {
    const sweeps = traces.map(({ operation, calls }) => ({ operation, points: faultsIn(calls, operation) }));
    await sweep(t, sweeps, sampleSize, failOnce);
  });

  async function failOnce(dir, operation, point) {
    await host.prepare(operation.name, dir);
    const { lines } = await host.runWithFault(point, `error=${point.fault}`, operation.refused);
    const excused = operation.excused?.includes(point.fault);
    const { answer, error, complaint, leaked, locked } = await host.finish({ excused });

    if (error) assert(error.typed && documentedCodes.has(error.code), `an untyped error: ${error.stack}`);
    assert.equal(complaint, undefined, complaint);
    assert.deepEqual(locked, [], 'locks that are left');
    assert.deepEqual(leaked, [], 'descriptors that are left');

    const done = error === undefined && !excused;
    if (done && operation.answer !== undefined) assert.deepEqual(answer, operation.answer, 'the answer');
    await assertSound(dir, operation, { done });
    return lines.some((line) => line.startsWith(`${point.call}(`) && line.includes('(INJECTED)'));
  }
});

/** Leaves close(2) out: its result is ignored, since the kernel frees the descriptor in any case; strace would not. */
function faultsIn(calls, { refused }) {
  return calls
    .filter(({ call }) => call !== 'close' && call !== refused && !isUnknownToStrace(call))
    .flatMap((call) => errnos.map((fault) => ({ ...call, fault })));
}

function isUnknownToStrace(call) {
  return call.startsWith('syscall_0x');
}
