import assert from 'node:assert/strict';
import { closeSync, copyFileSync, ftruncateSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { getXattrSync, incXattrSync, setXattrSync } from '../../dist/index.js';
import { demoHome, imagesIn, startDemo } from '../support/demo.mjs';

// The proof of the demo is worth something only if it fails on a damaged cache.

const { source, emptyDirectory } = demoHome();

/**
 * Runs a demo while `harm` is done to its directory; resolves to what it says about itself. Harm may also end it before it
 * can say anything: then it is run again.
 */
async function sabotaged(harm, tries = 3) {
  const dir = emptyDirectory();
  const { ended } = startDemo(['--source', source, '--dir', dir, '--seconds', '1.5', '--json']);
  await untilHit(dir);
  // Again and again, so that eviction cannot undo all of it.
  for (let round = 0; round < 20; round++) {
    harm(dir);
    await sleep(20);
  }
  const { code, stdout } = await ended;
  const summary = JSON.parse(stdout);
  assert.equal(code, 1);
  if (summary.ok === undefined && tries > 1) return sabotaged(harm, tries - 1);
  assert.equal(summary.ok, false, stdout);
  assert.equal(summary.error.code, 'ERR_DEMO_WRONG');
  return summary;
}

async function untilHit(dir) {
  const isHit = (path) => unlessEvicted(() => Number(getXattrSync(path, 'hits')) > 0);
  while (!imagesIn(dir).some(isHit)) await sleep(10);
}

function toEachImage(harm) {
  return (dir) => {
    for (const path of imagesIn(dir)) unlessEvicted(() => harm(path));
  };
}

function unlessEvicted(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}

test('the proof – a byte changes in the cache – fails', async () => {
  const harm = toEachImage((path) => writeFileSync(path, '!', { flag: 'r+' }));
  const { problems, wrongBytes } = await sabotaged(harm);
  assert.ok(wrongBytes > 0);
  assert.match(problems.join(), /differed from the source \(first: .+, byte 0\)/);
});

test('the proof – hits without a read – fails', async () => {
  const { problems, surplusHits, lostHits } = await sabotaged(toEachImage((path) => incXattrSync(path, 'hits', 1)));
  assert.ok(surplusHits > 0);
  assert.equal(lostHits, 0);
  assert.match(problems.join(), /hits? too many/);
});

test('the proof – hits vanish – fails', async () => {
  const { problems, lostHits } = await sabotaged(toEachImage((path) => setXattrSync(path, 'hits', 0)));
  assert.ok(lostHits > 0);
  assert.match(problems.join(), /hits? lost/);
});

test('the proof – an image vanishes unevicted – reports lost hits and a surplus fetch', async () => {
  const { lostHits, problems, redundancy, redundantFetches } = await sabotaged(toEachImage((path) => rmSync(path)));
  assert.ok(lostHits > 0);
  assert.ok(redundantFetches > 0 && redundancy > 1);
  assert.match(problems.join(), /fetch(es)? without need/);
});

test('the proof – an image comes from elsewhere – fails', async () => {
  const { problems, unexplainedArrivals } = await sabotaged((dir) => {
    for (const path of imagesIn(dir)) unlessEvicted(() => copyFileSync(path, `${path}-copy`));
  });
  assert.ok(unexplainedArrivals > 0);
  assert.match(problems.join(), /came into the cache from elsewhere than the source/);
});

test('the proof – the cache exceeded its bound – fails', async () => {
  const { problems, largestSize, allowedSize } = await sabotaged((dir) => growTo(join(dir, 'huge'), 2 ** 30));
  assert.ok(largestSize > allowedSize);
  assert.match(problems.join(), /grew too large/);
});

/** A file of which almost nothing is on the disk. */
function growTo(path, size) {
  const fd = openSync(path, 'a');
  ftruncateSync(fd, size);
  closeSync(fd);
}
