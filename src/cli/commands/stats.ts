import type { Command } from 'commander';

import type { CacheStats, CheckpointState } from '../../index.ts';
import {
  formatAge,
  formatCount,
  formatCountOf,
  formatDuration,
  formatPercent,
  formatTime,
} from '../../terminal/format.ts';
import { interruptible, untilAborted } from '../../terminal/interruption.ts';
import { outputColumns } from '../../terminal/output.ts';
import { printable } from '../../terminal/printable.ts';
import { formatSize } from '../../terminal/size.ts';
import { layOutFacts } from '../../terminal/table.ts';
import { showWaiting } from '../../terminal/waiting-line.ts';
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
  const cache = await openCache(driver, options);
  const measuring = interruptible((signal) => untilAborted(cache.stats(), signal));
  const found = await showWaiting(measuring, 'measuring the cache', { quiet: options.json });
  // Scripts get each key always: a missing one would be another case.
  const { oldestAccessMs = null, newestAccessMs = null } = found;
  const checkpoint = found.checkpoint === undefined ? null : checkpointJson(found.checkpoint);
  const json = { ...found, oldestAccessMs, newestAccessMs, checkpoint };
  await printReport({ json, text: layOutFacts(factsOf(found), outputColumns()) }, options.json);
}

function factsOf(found: CacheStats): (readonly [string, string])[] {
  const nowMs = Date.now();
  const age = (timeMs: number | undefined) => (timeMs === undefined ? '-' : formatAge(timeMs, nowMs));
  const inodes = Number.isFinite(found.freeInodes) ? `, ${formatCount(found.freeInodes)} inodes` : '';
  const share = found.maxSize > 0 ? ` (${formatPercent(found.size / found.maxSize)})` : '';
  return [
    ['directory', printable(found.dir)],
    ['images', formatCount(found.images)],
    ['size', `${formatSize(found.size)} of ${formatSize(found.maxSize)}${share}`],
    ['allocated', formatSize(found.allocatedSize)],
    ...(found.checkpoint === undefined ? [] : [['on disk', describeCheckpoint(found.checkpoint, nowMs)] as const]),
    ['hits', formatCount(found.hits)],
    ['newest access', age(found.newestAccessMs)],
    ['oldest access', age(found.oldestAccessMs)],
    ['being written', formatCount(found.incomplete)],
    ['failed writes', formatCount(found.invalid)],
    ['queued', formatCount(found.queued)],
    ['free', `${formatSize(found.freeBytes)}${inodes}`],
  ];
}

function describeCheckpoint(state: CheckpointState, nowMs: number): string {
  if (state.failingSinceMs !== undefined) return `write errors since ${formatTime(state.failingSinceMs, nowMs)}`;
  if (state.atMs === undefined) return 'never synced: durability is none';
  if (state.doubtfulImages === 0) return 'all images';
  const images = `${formatCountOf(state.doubtfulImages, 'image')}, ${formatSize(state.doubtfulBytes)}`;
  return `all but ${images}, of the last ${formatDuration(Math.max(0, nowMs - state.atMs))}`;
}

function checkpointJson(state: CheckpointState): object {
  const { atMs, boot, doubtfulImages, doubtfulBytes, failingSinceMs } = state;
  const at = atMs ?? null;
  const ageMs = atMs === undefined ? null : Math.max(0, Date.now() - atMs);
  const error = failingSinceMs === undefined ? null : { sinceMs: failingSinceMs };
  return { at, ageMs, boot: boot ?? null, doubtfulImages, doubtfulBytes, error };
}
