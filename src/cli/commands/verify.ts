import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';

import type { ImageCache } from '../../index.ts';
import { CliError, cliErrorCode, UsageError } from '../../terminal/cli-error.ts';
import { formatCount, formatCountOf, formatThroughput } from '../../terminal/format.ts';
import { interruptible } from '../../terminal/interruption.ts';
import { positiveSizeOption } from '../../terminal/option-parsers.ts';
import { printableId } from '../../terminal/printable.ts';
import { progressLine } from '../../terminal/progress-line.ts';
import { formatSize } from '../../terminal/size.ts';
import { type CacheOptions, cacheCommand } from '../cache-options.ts';
import { assertImageIds, imageIdsArgument } from '../image-id-arguments.ts';
import { openCache, openDriver } from '../open-driver.ts';
import { type FailedImage, failedImage, printReport } from '../report.ts';

interface Options extends CacheOptions {
  readonly all?: true;
  readonly rate?: number;
}

/** The outcome for each image. */
interface Findings {
  readonly ok: string[];
  readonly corrupt: string[];
  readonly unknown: string[];
  readonly missing: string[];
  readonly failed: FailedImage[];
}

/** Adds `verify` to the program. */
export function addVerifyCommand(program: Command): void {
  cacheCommand(
    program,
    'verify',
    'Compare images with the checksum they were cached with. Damaged ones move to invalid/.',
  )
    .argument('[id...]', 'image ids', imageIdsArgument)
    .option('--all', 'all of them')
    .option('--rate <size>', 'highest reading rate per second', positiveSizeOption)
    .action((ids: readonly string[] | undefined, options: Options) =>
      interruptible((signal) => verify(ids, options, signal)),
    );
}

async function verify(ids: readonly string[] = [], options: Options, signal: AbortSignal): Promise<void> {
  await assertImageIds(...ids);
  if (options.all && ids.length > 0) throw new UsageError('pass image ids or --all, not both');
  if (!options.all && ids.length === 0) throw new UsageError('no image given: pass one or more ids, or --all');
  await using driver = await openDriver(options);
  const cache = await openCache(driver, {});
  const chosen = options.all ? (await driver.getCachedImages()).map(({ imageId }) => imageId) : ids;
  const found = await verifyEach(cache, chosen, options, signal);

  const { ok, corrupt, unknown, missing, failed } = found;
  // With --all, a missing image was evicted meanwhile.
  const wrong = corrupt.length + failed.length + (options.all ? 0 : missing.length);
  const failure =
    wrong === 0
      ? undefined
      : new CliError(cliErrorCode.partial, `${wrong} of ${formatCountOf(chosen.length, 'image')} failed`);
  const text = [
    ...corrupt.map((imageId) => `${printableId(imageId)} is corrupt, and now in invalid/`),
    ...missing.map((imageId) => `${printableId(imageId)} is not cached`),
    ...(options.all ? [] : unknown.map((imageId) => `${printableId(imageId)} was cached without a checksum`)),
    `${formatCount(ok.length)} ok, ${formatCount(corrupt.length)} corrupt, ${formatCount(unknown.length)} without a checksum`,
  ];
  await printReport({ json: found, text, failed, failure }, options.json);
}

async function verifyEach(
  cache: ImageCache,
  ids: readonly string[],
  { rate, json }: Options,
  signal: AbortSignal,
): Promise<Findings> {
  const found: Findings = { ok: [], corrupt: [], unknown: [], missing: [], failed: [] };
  const progress = progressLine({ quiet: json });
  const startedMs = performance.now();
  let bytes = 0;
  let done = 0;
  try {
    for (const imageId of ids) {
      const onProgress = async (read: number) => {
        bytes += read;
        const elapsedMs = performance.now() - startedMs;
        progress.show(() => {
          const images = `${formatCount(done)} of ${formatCountOf(ids.length, 'image')}`;
          const speed = formatThroughput(bytes / (elapsedMs / 1000));
          return `${images}  ${formatSize(bytes)}  ${speed}  ${printableId(imageId)}`;
        });
        if (rate !== undefined) await sleep(Math.max(0, (bytes / rate) * 1000 - elapsedMs), undefined, { signal });
      };
      signal.throwIfAborted();
      await verifyOne(cache, imageId, { signal, onProgress }, found);
      done += 1;
    }
  } finally {
    progress.end();
  }
  return found;
}

/** Continues after failures. */
async function verifyOne(
  cache: ImageCache,
  imageId: string,
  options: NonNullable<Parameters<ImageCache['verify']>[1]>,
  found: Findings,
): Promise<void> {
  try {
    const { result } = await cache.verify(imageId, options);
    found[result].push(imageId);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof Error && 'code' in error && error.code === 'ERR_IMAGE_NOT_FOUND') found.missing.push(imageId);
    else found.failed.push(failedImage(imageId, error));
  }
}
