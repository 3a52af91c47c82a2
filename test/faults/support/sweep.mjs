import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { isFull } from '../../support/scale.mjs';
import { randomNumbers, seed } from '../../support/seed.mjs';
import { temporaryDirectory } from '../../support/temporary-directory.mjs';

const mostComplaints = 5;

/** Operations that depend on time, or use the pool on a slow machine, do not always make the same calls. */
const mostTries = 30;
/** The part of the points that it may pass over altogether. */
const mostPassedOver = 0.1;

/**
 * Tries each point of `sweeps` (`{ operation, points }`), or a sample of about `size`. `tryPoint(dir, operation, point)`
 * resolves to whether the operation came by there, and throws what is wrong afterwards.
 */
export async function sweep(t, sweeps, size, tryPoint, under) {
  const all = sweeps.flatMap(({ operation, points }) => points.map((point) => ({ operation, point })));
  for (const { operation, points } of sweeps) assert(points.length > 0, `${operation.name} has no point to fail at`);
  const chosen = isFull ? all : sample(all, size);

  const root = await temporaryDirectory(t, { under });
  const complaints = [];
  let passedOver = 0;
  for (const { operation, point } of chosen) {
    try {
      if (!(await tryUntilMet(root, operation, point, tryPoint))) passedOver += 1;
    } catch (error) {
      const { call, nth, fault, line } = point;
      complaints.push(`${operation.name}, ${call} ${nth} (${fault}): ${error.stack}\n  ${line}`);
    }
  }

  const scale = isFull ? '' : ` of ${all.length}, seed ${seed}`;
  const over = passedOver > 0 ? `, ${passedOver} of which it did not come by in ${mostTries} runs` : '';
  t.diagnostic(`${chosen.length} points${scale}, in ${sweeps.length} operations${over}`);
  const more = complaints.length > mostComplaints ? `\n… of ${complaints.length} complaints` : '';
  assert.equal(complaints.length, 0, complaints.slice(0, mostComplaints).join('\n') + more);
  assert(
    passedOver <= Math.max(1, chosen.length * mostPassedOver),
    `${passedOver} of ${chosen.length} points were passed over`,
  );
}

/** False if the operation never came by there. */
async function tryUntilMet(root, operation, point, tryPoint) {
  for (let tries = 0; tries < mostTries; tries++) {
    const dir = await mkdtemp(join(root, 'cache-'));
    try {
      if (await tryPoint(dir, operation, point)) return true;
    } finally {
      await rm(dir, { recursive: true });
    }
  }
  return false;
}

function sample(all, size) {
  const random = randomNumbers();
  return all.filter(() => random() < size / all.length);
}
