import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { isFull } from '../../support/scale.mjs';
import { randomNumbers, seed } from '../../support/seed.mjs';
import { temporaryDirectory } from '../../support/temporary-directory.mjs';

const mostComplaints = 5;

/** What takes the way through the pool when the machine is slow does not always come by the same calls. */
const mostTries = 10;

/**
 * Tries each point of `sweeps` (`{ operation, points }`), or a sample of about `size`. `tryPoint(dir, operation, point)`
 * resolves to whether the operation came by there, and throws what is wrong afterwards.
 */
export async function sweep(t, sweeps, size, tryPoint) {
  const all = sweeps.flatMap(({ operation, points }) => points.map((point) => ({ operation, point })));
  for (const { operation, points } of sweeps) assert(points.length > 0, `${operation.name} has no point to fail at`);
  const chosen = isFull ? all : sample(all, size);

  const root = await temporaryDirectory(t);
  const complaints = [];
  for (const { operation, point } of chosen) {
    try {
      await tryUntilMet(root, operation, point, tryPoint);
    } catch (error) {
      const { call, nth, fault, line } = point;
      complaints.push(`${operation.name}, ${call} ${nth} (${fault}): ${error.stack}\n  ${line}`);
    }
  }

  const scale = isFull ? '' : ` of ${all.length}, seed ${seed}`;
  t.diagnostic(`${chosen.length} points${scale}, in ${sweeps.length} operations`);
  const more = complaints.length > mostComplaints ? `\n… of ${complaints.length} complaints` : '';
  assert.equal(complaints.length, 0, complaints.slice(0, mostComplaints).join('\n') + more);
}

async function tryUntilMet(root, operation, point, tryPoint) {
  for (let tries = 0; tries < mostTries; tries++) {
    const dir = await mkdtemp(join(root, 'cache-'));
    try {
      if (await tryPoint(dir, operation, point)) return;
    } finally {
      await rm(dir, { recursive: true });
    }
  }
  assert.fail(`it does not come by there in ${mostTries} runs`);
}

function sample(all, size) {
  const random = randomNumbers();
  return all.filter(() => random() < size / all.length);
}
