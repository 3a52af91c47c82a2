import type { Command } from 'commander';

import { type CacheOptions, cacheCommand } from '../cache-options.ts';
import { openDriver } from '../open-driver.ts';
import { printReport } from '../report.ts';

/** Adds `sync` to the program. */
export function addSyncCommand(program: Command): void {
  cacheCommand(program, 'sync', 'Put all images on disk, and make a checkpoint.').action(sync);
}

async function sync(options: CacheOptions): Promise<void> {
  await using driver = await openDriver(options);
  await driver.checkpoint();
  const { checkpoint, checkpointProblem: problem = null } = driver.capabilities;
  const text = [checkpoint ? 'all images are on disk' : `all images are synced, without a checkpoint: ${problem}`];
  await printReport({ json: { checkpoint, problem }, text }, options.json);
}
