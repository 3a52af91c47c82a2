// System calls per operation, as they are written down in bench/budget.json: a change that adds one fails here, and one
// that saves one asks for a lower budget. Linux with strace; the clock has no part in it.

import assert from 'node:assert/strict';
import { readFileSync, statfsSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { countCalls, difference, perOperation, straceIsThere, trace } from '../../bench/harness/strace.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { markOf, operationNames, repetitionsOf } from './operations.mjs';

const budget = JSON.parse(readFileSync(new URL('../../bench/budget.json', import.meta.url), 'utf8'));
const script = fileURLToPath(new URL('./operations.mjs', import.meta.url));
const listing = 'getCachedImages, for each image';
const ext4 = 0xef53;

test('the budget – operations that are counted – names each, and no other', () => {
  assert.deepEqual(Object.keys(budget).sort(), operationNames.toSorted());
});

test('operations – system calls counted – make those of the budget', { skip: whyNot() }, async (t) => {
  const dir = await temporaryDirectory(t);
  const log = trace([process.execPath, script, dir], join(dir, 'strace.log'));
  for (const name of operationNames) {
    await t.test(name, { skip: name === listing && !hasGetxattrat() && 'getxattrat came with Linux 6.13' }, () => {
      const calls = perOperation(countCalls(log, markOf(name)), repetitionsOf(name));
      const more = difference(calls, budget[name]);
      const advice =
        sumOf(calls) < sumOf(budget[name])
          ? 'write the lower figures into bench/budget.json'
          : 'more than the budget allows';
      t.diagnostic(`${name}: ${sumOf(calls)}`);
      assert.equal(more, '', `${more}: ${advice}`);
    });
  }
});

function sumOf(calls) {
  return Object.values(calls).reduce((sum, count) => sum + count, 0);
}

function hasGetxattrat() {
  const [major, minor] = release().split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 13);
}

function whyNot() {
  if (process.platform !== 'linux') return 'strace is of Linux';
  if (!straceIsThere()) return 'strace is missing, or may not trace';
  if (statfsSync(tmpdir()).type !== ext4) return 'the temporary directory is not on ext4, which the budget is for';
  return false;
}
