import type { Command } from 'commander';

import type { CacheStats } from '../../index.ts';
import { formatAge, formatCount, formatPercent } from '../../terminal/format.ts';
import { outputColumns } from '../../terminal/output.ts';
import { printable } from '../../terminal/printable.ts';
import { formatSize } from '../../terminal/size.ts';
import { layOutFacts } from '../../terminal/table.ts';
import { type CacheOptions, cacheCommand, type LimitOptions, maxSizeOption } from '../cache-options.ts';
import { openCache, openDriver } from '../open-driver.ts';
import { printReport } from '../report.ts';

/** Adds `stats` to the program. */
export function addStatsCommand(program: Command): void {
  cacheCommand(program, 'stats', 'Show the size, the hits, unfinished and failed writes, and the free space.')
    .addOption(maxSizeOption())
    .action(stats);
}

async function stats(options: CacheOptions & LimitOptions): Promise<void> {
  await using driver = await openDriver(options);
  const found = await (await openCache(driver, options)).stats();
  // Scripts get each key always: a missing one would be another case.
  const { oldestAccessMs = null, newestAccessMs = null } = found;
  const json = { ...found, oldestAccessMs, newestAccessMs };
  await printReport({ json, text: layOutFacts(factsOf(found), outputColumns()) }, options.json);
}

function factsOf(found: CacheStats): [string, string][] {
  const nowMs = Date.now();
  const age = (timeMs: number | undefined) => (timeMs === undefined ? '-' : formatAge(timeMs, nowMs));
  const inodes = Number.isFinite(found.freeInodes) ? `, ${formatCount(found.freeInodes)} inodes` : '';
  const share = found.maxSize > 0 ? ` (${formatPercent(found.size / found.maxSize)})` : '';
  return [
    ['directory', printable(found.dir)],
    ['images', formatCount(found.images)],
    ['size', `${formatSize(found.size)} of ${formatSize(found.maxSize)}${share}`],
    ['on disk', formatSize(found.allocatedSize)],
    ['hits', formatCount(found.hits)],
    ['newest access', age(found.newestAccessMs)],
    ['oldest access', age(found.oldestAccessMs)],
    ['being written', formatCount(found.incomplete)],
    ['failed writes', formatCount(found.invalid)],
    ['queued', formatCount(found.queued)],
    ['free', `${formatSize(found.freeBytes)}${inodes}`],
  ];
}
