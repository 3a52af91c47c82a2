import { XattrDriver } from '../../dist/index.js';
import { freshDirectory, removeDirectory } from './run-bar.mjs';

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
