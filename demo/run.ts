import { BadDriverConfiguration, ImageCache, XattrDriver } from 'xattr-cache';
import { CliError } from '#terminal/cli-error';
import { audit } from './audit.ts';
import { ownDirectory, temporaryDirectory } from './cache-directory.ts';
import { sumOf } from './counts.ts';
import type { Display } from './live-display.ts';
import { type DemoOptions, makePlan, type Plan } from './plan.ts';
import { reserveDirectory } from './reservation.ts';
import type { RunRecord } from './run-record.ts';
import { SizeObserver } from './size-observer.ts';
import { lookAt } from './snapshot.ts';
import { Team } from './team.ts';
import { WorkLog } from './work-log.ts';

/** Runs the whole demo. Leaves neither a process nor a temporary file behind, even if it fails. */
export async function runDemo(options: DemoOptions, display: Display, signal: AbortSignal): Promise<RunRecord> {
  const plan = await makePlan(options, signal);
  const directory = options.dir === undefined ? await temporaryDirectory() : await ownDirectory(options.dir);
  try {
    await using driver = await openDriver(directory.path, options);
    await using _reservation = await reserveDirectory(driver, plan.images);
    return await runIn(driver, plan, display, signal);
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

async function runIn(driver: XattrDriver, plan: Plan, display: Display, signal: AbortSignal): Promise<RunRecord> {
  const { images, limit } = plan;
  const before = await audit(driver, images);
  // The evictions of this process, before and after the others, count as well.
  const log = new WorkLog();
  await using cache = await ImageCache.open({ driver, maxSize: limit });
  await cache.prune();
  const work = await workTogether(driver, plan, display, signal);
  await cache.prune();

  const after = await audit(driver, images);
  const { reports, killedFetches, ...rest } = work;
  const all = [...reports, log.report('demo')];
  const hits = {
    confirmed: sumOf(all.map(({ confirmedHits }) => confirmedHits)),
    onDiskBefore: before.hits,
    onDiskAfter: after.hits,
    evicted: sumOf(all.map(({ evictedHits }) => evictedHits)),
  };
  const fetches = {
    fetches: sumOf([...all.map((report) => report.fetches), killedFetches]),
    killed: killedFetches,
    evictions: sumOf(all.map(({ evictions }) => evictions)),
    cachedBefore: new Set(before.hits.keys()),
    cachedAfter: new Set(after.hits.keys()),
  };
  return { dir: driver.dir, plan, ...rest, reports: all, hits, fetches, after };
}

async function workTogether(driver: XattrDriver, plan: Plan, display: Display, signal: AbortSignal) {
  const { images, limit, workers, seed, seconds } = plan;
  const team = new Team({ dir: driver.dir, limit, seed, images }, workers);
  const observer = new SizeObserver(driver);
  let stopShowing = () => {};
  try {
    await team.ready(signal);
    const startedMs = performance.now();
    const elapsed = () => (performance.now() - startedMs) / 1000;
    stopShowing = display.follow(() => lookAt(driver, { plan, team, observer, elapsedSeconds: elapsed() }));
    const reports = await team.work(seconds, signal);
    await observer.stop();
    const { largestSize, looks: looksAtSize } = observer;
    const { mishaps, killedFetches } = team;
    return { reports, seconds: elapsed(), mishaps, killedFetches, largestSize, looksAtSize };
  } finally {
    stopShowing();
    await Promise.allSettled([observer.stop(), team.stop()]);
  }
}
