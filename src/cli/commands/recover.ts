import type { Command } from 'commander';

import type { RecoverResult } from '../../index.ts';
import { formatAge, formatCount, formatCountOf } from '../../terminal/format.ts';
import { printableId } from '../../terminal/printable.ts';
import { formatSize } from '../../terminal/size.ts';
import { type CacheOptions, cacheCommand } from '../cache-options.ts';
import { loadPackage } from '../load-package.ts';
import { directoryOfCache } from '../open-driver.ts';
import { printReport } from '../report.ts';

interface Options extends CacheOptions {
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

/** Adds `recover` to the program. */
export function addRecoverCommand(program: Command): void {
  cacheCommand(
    program,
    'recover',
    'After a boot, drop the images that may not be whole on disk. Opening a cache does it, too.',
  )
    .option('--dry-run', 'only show the images that would be dropped')
    .option('--force', 'also if the last checkpoint is of this boot, for a disk that went away and came back')
    .action(recover);
}

async function recover({ dryRun = false, force = false, ...options }: Options): Promise<void> {
  const dir = await directoryOfCache(options);
  const { XattrDriver } = await loadPackage();
  const result = await XattrDriver.recover({ dir }, { dryRun, force });
  const { sinceMs: since = null, doubtful = 0, kept = 0, dropped = [], bytes = 0 } = result ?? {};
  const json = { dryRun, needed: result !== undefined, since, doubtful, kept, dropped, bytes };
  const text = result === undefined ? ['nothing to recover'] : describe(result, dryRun);
  await printReport({ json, text }, options.json);
}

function* describe(result: RecoverResult, dryRun: boolean): Generator<string, void, void> {
  const { sinceMs, doubtful, kept, dropped, bytes } = result;
  const verb = dryRun ? 'would drop' : 'dropped';
  for (const imageId of dropped) yield `${verb} ${printableId(imageId)}`;
  yield `${verb} ${formatCountOf(dropped.length, 'image')}, ${formatSize(bytes)}`;
  const keep = dryRun ? 'would keep' : 'kept';
  const began = formatAge(sinceMs, Date.now());
  yield `${keep} ${formatCountOf(kept, 'image')} of ${formatCount(doubtful)} after the last checkpoint (${began})`;
}
