import type { Command } from 'commander';
import type { EvictedImage, ImageCache, PruneResult } from '../../index.ts';
import { CliError, cliErrorCode } from '../../terminal/cli-error.ts';
import { formatAge, formatCount, formatCountOf } from '../../terminal/format.ts';
import { interruptible } from '../../terminal/interruption.ts';
import { outputColumns } from '../../terminal/output.ts';
import { printableId } from '../../terminal/printable.ts';
import { formatSize } from '../../terminal/size.ts';
import { type Column, layOutTable } from '../../terminal/table.ts';
import { showWaiting } from '../../terminal/waiting-line.ts';
import { type CacheOptions, cacheCommand, type LimitOptions, maxSizeOption } from '../cache-options.ts';
import { loadPackage } from '../load-package.ts';
import { openCache, openDriver } from '../open-driver.ts';
import { printReport } from '../report.ts';

interface Options extends CacheOptions, LimitOptions {
  readonly dryRun?: boolean;
}

/** Adds `prune` to the program. */
export function addPruneCommand(program: Command): void {
  cacheCommand(program, 'prune', 'Evict the least recently used images until the cache is within its limit.')
    .addOption(maxSizeOption())
    .option('--dry-run', 'only show the images that would be evicted')
    .action((options: Options) => interruptible((signal) => prune(options, signal)));
}

async function prune({ dryRun = false, ...options }: Options, signal: AbortSignal): Promise<void> {
  const warnings: string[] = [];
  await using driver = await openDriver(options, { onWarning: (message) => warnings.push(message) });
  const cache = await openCache(driver, options);
  const doing = dryRun ? 'choosing images' : 'evicting images';
  const result = await showWaiting(cache.prune({ dryRun, signal }), doing, { quiet: options.json });
  const failure = warnings.length > 0 ? await failureToRemove(cache, result, warnings) : undefined;
  await printReport({ json: { dryRun, ...result }, text: layOut(result, dryRun), failure }, options.json);
}

/** Returns an error with the images that are older than the last evicted one, and so should not remain. */
async function failureToRemove(cache: ImageCache, { images }: PruneResult, warnings: string[]): Promise<CliError> {
  const { lastUseMs } = await loadPackage();
  const lastMs = images.at(-1)?.lastAccessedMs ?? 0;
  const stayed: string[] = [];
  for await (const batch of cache.driver.cachedImages()) {
    for (const image of batch) {
      if (lastUseMs(image) < lastMs) stayed.push(printableId(image.imageId));
    }
  }
  return new CliError(cliErrorCode.partial, `${warnings.join('; ')} (${stayed.join(', ')})`);
}

function* layOut({ images, bytesPruned }: PruneResult, dryRun: boolean): Generator<string, void, void> {
  const nowMs = Date.now();
  const columns: [Column<EvictedImage>, ...Column<EvictedImage>[]] = [
    { heading: 'id', cell: ({ imageId }) => printableId(imageId) },
    { heading: 'size', cell: ({ size }) => formatSize(size), align: 'right' },
    { heading: 'hits', cell: ({ hits }) => formatCount(hits), align: 'right' },
    { heading: 'accessed', cell: ({ lastAccessedMs }) => formatAge(lastAccessedMs, nowMs), align: 'right' },
  ];
  if (images.length > 0) {
    yield* layOutTable(images, columns, outputColumns());
    yield '';
  }
  yield `${dryRun ? 'would remove' : 'removed'} ${formatCountOf(images.length, 'image')}, ${formatSize(bytesPruned)}`;
}
