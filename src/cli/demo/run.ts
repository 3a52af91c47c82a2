import { BadDriverConfiguration, XattrDriver } from '../../index.ts';
import { CliError } from '../cli-error.ts';
import { formatSize } from '../size.ts';
import { audit } from './audit.ts';
import { ownDirectory, temporaryDirectory } from './cache-directory.ts';
import { sumOfHits } from './hit-ledger.ts';
import { keepWithinLimit } from './keep-within-limit.ts';
import type { ProgressDisplay } from './progress.ts';
import { seededRandom, shuffled } from './random.ts';
import { reserveDirectory } from './reservation.ts';
import type { RunRecord } from './run-record.ts';
import { findSourceFiles, type SourceFile } from './source-files.ts';
import { emptyTally, sumOfTallies } from './tally.ts';
import { Workers } from './workers.ts';

export interface DemoOptions {
  /** Where the files to cache are. */
  readonly source: string;
  /** A temporary one if it is not given. */
  readonly dir: string | undefined;
  /** Bytes. A quarter of all files if it is not given. */
  readonly maxSize: number | undefined;
  readonly workers: number;
  readonly seconds: number;
}

/** What a run works with, once it is settled. */
interface Plan {
  readonly sources: readonly SourceFile[];
  readonly limit: number;
  readonly workers: number;
  readonly seconds: number;
}

/** The same in every run, so that runs can be compared. */
const seed = 20_240_607;
const mostSourceBytes = 256 * 1024 * 1024;

/** Runs the whole demo, and leaves neither a process nor a temporary file behind, whatever happens. */
export async function runDemo(
  options: DemoOptions,
  progress: ProgressDisplay,
  signal: AbortSignal,
): Promise<RunRecord> {
  const plan = await makePlan(options, signal);
  const directory = options.dir === undefined ? await temporaryDirectory() : await ownDirectory(options.dir);
  try {
    await using driver = await openDriver(directory.path, options);
    await using _reservation = await reserveDirectory(driver, plan.sources);
    return await runIn(driver, plan, progress, signal);
  } finally {
    await directory.remove();
  }
}

async function openDriver(path: string, { dir }: DemoOptions): Promise<XattrDriver> {
  try {
    return await XattrDriver.open({ dir: path });
  } catch (error) {
    // /tmp is often a tmpfs, which has had user attributes since Linux 6.6 only.
    if (dir !== undefined || !(error instanceof BadDriverConfiguration)) throw error;
    throw new CliError(error.code, `${error.message}. Name a directory elsewhere with --dir DIR.`, { cause: error });
  }
}

async function makePlan({ source, maxSize, workers, seconds }: DemoOptions, signal: AbortSignal): Promise<Plan> {
  const sources = await findSourceFiles(source, Math.max(mostSourceBytes, (maxSize ?? 0) * 4), signal);
  const total = sources.reduce((bytes, { size }) => bytes + size, 0);
  const limit = maxSize ?? Math.floor(total / 4);
  if (limit < total) return { sources, limit, workers, seconds };

  throw new CliError(
    'ERR_DEMO_NOTHING_TO_EVICT',
    `nothing would ever be evicted: all files together (${formatSize(total)}) fit into a cache of ` +
      `${formatSize(limit)}. Give a smaller --max-size, or none.`,
  );
}

async function runIn(
  driver: XattrDriver,
  plan: Plan,
  progress: ProgressDisplay,
  signal: AbortSignal,
): Promise<RunRecord> {
  const { sources, limit, seconds } = plan;
  const before = await audit(driver, sources);
  const reports = await readAndEvict(driver, plan, progress, signal);

  const lastTally = emptyTally();
  const lastEvictedHits = new Map<string, number>();
  await keepWithinLimit(driver, limit, lastTally, lastEvictedHits);
  const after = await audit(driver, sources);
  return {
    dir: driver.dir,
    sources,
    limit,
    seconds,
    reports,
    tally: sumOfTallies([...reports.map(({ tally }) => tally), lastTally]),
    hits: {
      confirmed: sumOfHits(reports.map(({ confirmedHits }) => confirmedHits)),
      onDiskBefore: before.hits,
      onDiskAfter: after.hits,
      evicted: sumOfHits([...reports.map(({ evictedHits }) => evictedHits), lastEvictedHits]),
    },
    after,
  };
}

async function readAndEvict(driver: XattrDriver, plan: Plan, progress: ProgressDisplay, signal: AbortSignal) {
  const { sources, limit, workers: count, seconds } = plan;
  // Which images are popular has nothing to do with their size.
  const images = shuffled(sources, seededRandom(seed));
  const workers = new Workers({ dir: driver.dir, limit, workers: count, seed, images });
  const look = async () => ({ tally: workers.tally, cacheSize: await driver.getCacheSize(), limit });
  const stopShowing = progress.follow(look);
  try {
    return await workers.work(seconds, signal);
  } finally {
    stopShowing();
    await workers.stop();
  }
}
