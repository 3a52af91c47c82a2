import { execFile } from 'node:child_process';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { setXattrSync, XattrDriver } from '../../dist/index.js';
import { dropCaches, syncFileSystem } from './disk.mjs';
import { coldestNames } from './filled-directories.mjs';
import { freshDirectory, removeDirectory } from './run-bar.mjs';

const run = promisify(execFile);
const otherBoot = '0f0e0d0c-0b0a-4908-8706-050403020100';

/** Returns why nothing can be measured about checkpoints; undefined if it can. */
export async function whyNoCheckpoints(context) {
  const dir = freshDirectory(context);
  const driver = await XattrDriver.open({ dir, durability: 'none' });
  const { checkpoint, checkpointProblem } = driver.capabilities;
  await driver.close();
  removeDirectory(dir);
  if (checkpoint) return undefined;
  return `checkpoints are not kept here (${checkpointProblem}): choose a directory on ext4 with a journal, --dir DIR`;
}

/**
 * Prepares the first open of a filled directory after a boot. After `anotherBoot`, no checkpoint covers the `doubtful` coldest
 * images. The caches are warm, or `cold`.
 */
export async function prepareBoot(dir, { entries, anotherBoot, doubtful, cold }, { floor }) {
  if (anotherBoot) pretendBoot(dir, coldestNames(entries, doubtful));
  else await makeCheckpoint(dir);
  syncFileSystem(dir);
  if (cold) dropCaches();
  else await run(floor.program('walk'), [dir, 'size', '0', '1']);
}

async function makeCheckpoint(dir) {
  const driver = await XattrDriver.open({ dir });
  await driver.checkpoint();
  await driver.close();
}

/** Makes the last checkpoint one of another boot, which covers all images but some. See native/core/voucher.h. */
function pretendBoot(dir, doubtful) {
  const untilMs = Date.now() + 1;
  const later = new Date(untilMs + 1000);
  for (const name of doubtful) utimesSync(join(dir, name), later, later);
  setXattrSync(join(dir, '.xattr-cache'), 'xattr_cache.checkpoint', `1 ${otherBoot} ${untilMs}000000`);
}
