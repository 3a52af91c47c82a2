import type { Command } from 'commander';

import type { PrefetchProgress, PrefetchResult } from '../../index.ts';
import { formatCount, formatThroughput } from '../../terminal/format.ts';
import { interruptible } from '../../terminal/interruption.ts';
import { countOption, secondsOption } from '../../terminal/option-parsers.ts';
import { printableId } from '../../terminal/printable.ts';
import { progressLine } from '../../terminal/progress-line.ts';
import { formatSize } from '../../terminal/size.ts';
import {
  type CacheOptions,
  cacheCommand,
  type DurabilityOptions,
  durabilityOption,
  type LimitOptions,
  maxSizeOption,
} from '../cache-options.ts';
import { readChecksumFile } from '../checksum-file.ts';
import { openCache, openOrMakeDriver, putOnDisk } from '../open-driver.ts';
import { fetchFrom, type PrefetchSource, sourceOption } from '../prefetch-source.ts';
import { failedImage, failureOf, printReport } from '../report.ts';

interface Options extends CacheOptions, DurabilityOptions, LimitOptions {
  readonly from: PrefetchSource;
  readonly concurrency: number;
  readonly timeout: number;
  readonly checksums?: string;
}

/** Adds `prefetch` to the program. */
export function addPrefetchCommand(program: Command): void {
  cacheCommand(program, 'prefetch', 'Fetch the queued images. Failed ones stay queued.')
    .requiredOption('--from <source>', 'URL with {id} in it, or directory', sourceOption)
    .option('--concurrency <n>', 'number of concurrent fetches', countOption(1, 256), 4)
    .option('--timeout <seconds>', 'longest time without a byte', secondsOption(86_400), 60)
    .option('--checksums <file>', 'file of expected checksums, as sha256sum writes it, with ids as names')
    .addOption(maxSizeOption())
    .addOption(durabilityOption())
    .action((options: Options) => interruptible((signal) => prefetch(options, signal)));
}

async function prefetch(options: Options, signal: AbortSignal): Promise<void> {
  const fetch = await fetchFrom(options.from, options.timeout * 1000);
  const checksum = options.checksums === undefined ? undefined : await readChecksumFile(options.checksums);
  await using driver = await openOrMakeDriver(options);
  const cache = await openCache(driver, options);
  const queued = await driver.getQueuedImages();

  const progress = progressLine({ quiet: options.json });
  const follow = followProgress(queued.length);
  const onProgress = (image: PrefetchProgress) => {
    const text = follow(image);
    progress.show(text);
  };
  const { concurrency } = options;
  const prefetchOptions = { concurrency, signal, onProgress, ...(checksum && { checksum }) };
  const result = await cache.prefetch(fetch, prefetchOptions).finally(progress.end);
  if (result.cached.length > 0) await putOnDisk(driver, options);
  await report(queued, result, options);
}

async function report(
  queued: readonly string[],
  { cached, failed: errors }: PrefetchResult,
  { json }: Options,
): Promise<void> {
  const failed = [...errors].map(([imageId, error]) => failedImage(imageId, error));
  const settled = new Set([...cached, ...errors.keys()]);
  const beingCached = queued.filter((imageId) => !settled.has(imageId));
  const text = [
    ...cached.map((imageId) => `cached ${printableId(imageId)}`),
    ...beingCached.map((imageId) => `${printableId(imageId)} is being cached by another process`),
    ...(queued.length === 0 ? ['nothing is queued'] : []),
  ];
  const failure = failureOf(failed, queued.length);
  await printReport({ json: { cached, beingCached, failed }, text, failed, failure }, json);
}

/** Collects the progress, and formats it as a line. */
function followProgress(total: number): (image: PrefetchProgress) => () => string {
  const startedMs = performance.now();
  const bytesOf = new Map<string, number>();
  let bytes = 0;
  let done = 0;
  return (image) => {
    bytes += image.bytes - (bytesOf.get(image.imageId) ?? 0);
    bytesOf.set(image.imageId, image.bytes);
    if (image.done) done += 1;
    return () => {
      const seconds = (performance.now() - startedMs) / 1000;
      const images = `${formatCount(done)} of ${formatCount(total)} images`;
      return `${images}  ${formatSize(bytes)}  ${formatThroughput(bytes / seconds)}  ${printableId(image.imageId)}`;
    };
  };
}
