import { CliError } from '#terminal/cli-error';
import { formatSize } from '#terminal/size';
import { seededRandom, shuffled } from './random.ts';
import { findSourceFiles, type SourceFile } from './source-files.ts';

export interface DemoOptions {
  /** Directory of the files to cache. */
  readonly source: string;
  /** Cache directory. @defaultValue a temporary one */
  readonly dir: string | undefined;
  /** Bytes. @defaultValue a quarter of all files */
  readonly maxSize: number | undefined;
  readonly workers: number;
  readonly seconds: number;
}

/** The settled parameters of a run. */
export interface Plan {
  /** The most popular image first. The order is independent of their sizes. */
  readonly images: readonly SourceFile[];
  readonly totalSize: number;
  readonly largestImage: number;
  readonly limit: number;
  readonly workers: number;
  readonly seconds: number;
  readonly seed: number;
}

/** The same in every run, so that runs are comparable. */
const seed = 20_240_607;
const mostSourceBytes = 256 * 1024 * 1024;

/** @throws {@link CliError} if there are too few files, or none would ever be evicted */
export async function makePlan(options: DemoOptions, signal: AbortSignal): Promise<Plan> {
  const { source, maxSize, workers, seconds } = options;
  const sources = await findSourceFiles(source, Math.max(mostSourceBytes, (maxSize ?? 0) * 4), signal);
  const totalSize = sources.reduce((bytes, { size }) => bytes + size, 0);
  const largestImage = Math.max(...sources.map(({ size }) => size));
  const limit = maxSize ?? Math.floor(totalSize / 4);
  if (limit < totalSize) {
    return { images: shuffled(sources, seededRandom(seed)), totalSize, largestImage, limit, workers, seconds, seed };
  }
  throw new CliError(
    'ERR_DEMO_NOTHING_TO_EVICT',
    `nothing would ever be evicted: all files together (${formatSize(totalSize)}) fit into a cache of ` +
      `${formatSize(limit)}. Give a smaller --max-size, or none.`,
  );
}
