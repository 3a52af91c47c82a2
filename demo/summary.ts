import { balanceFetches } from './fetch-ledger.ts';
import type { Figures, Summary } from './figures.ts';
import { balanceHits } from './hit-ledger.ts';
import type { RunRecord } from './run-record.ts';
import { sumOfTallies } from './tally.ts';
import { findProblems } from './verdict.ts';

/** Returns the sums of a run, and its verdict. */
export function summarize(record: RunRecord): Summary {
  const figures: Figures = {
    ...settings(record),
    ...activity(record),
    ...sizes(record),
    ...record.mishaps,
    slowestTakeOverMs: Math.ceil(record.mishaps.slowestTakeOverMs),
    ...hits(record),
    ...fetches(record),
  };
  const all = [...record.reports, record.after];
  const firstWrong = all.find((each) => each.firstWrong !== undefined)?.firstWrong;
  const firstError = record.reports.find((each) => each.firstError !== undefined)?.firstError;
  const problems = findProblems(figures, { firstWrong, firstError });
  return { ok: problems.length === 0, problems, ...figures };
}

function settings({ dir, plan, seconds, after }: RunRecord) {
  return {
    dir,
    seconds: Math.round(seconds * 1000) / 1000,
    sourceFiles: plan.images.length,
    sourceSize: plan.totalSize,
    maxSize: plan.limit,
    workers: plan.workers,
    images: after.images,
  };
}

function activity({ reports, seconds, after }: RunRecord) {
  const tally = sumOfTallies(reports.map((report) => report.tally));
  const { reads, hits, misses, bytesFromCache, filesEvicted, bytesEvicted, filesPruned } = tally;
  const { evictedDuringReads, errors, followed, resumed } = tally;
  const bytesServed = bytesFromCache + tally.bytesFromSource;
  return {
    processes: reports.filter((report) => report.tally.hits > 0).length,
    ...{ reads, hits, misses, bytesServed, bytesFromCache, filesEvicted, bytesEvicted, filesPruned },
    ...{ evictedDuringReads, errors, followed, resumed },
    hitRatio: reads === 0 ? 0 : hits / reads,
    readsPerSecond: Math.round(reads / seconds),
    bytesPerSecond: Math.round(bytesServed / seconds),
    imagesCached: tally.committed,
    wrongBytes: tally.wrongBytes + after.wrongBytes,
    uncounted: tally.uncounted,
  };
}

function sizes({ plan, reports, largestSize, looksAtSize, after }: RunRecord) {
  const workers = reports.filter(({ role }) => role === 'worker');
  const { bytesAtOnce } = sumOfTallies(workers.map(({ tally }) => tally));
  return {
    allowedSize: plan.limit + bytesAtOnce,
    bytesAtOnce,
    largestSize: Math.max(largestSize, after.size),
    looksAtSize,
    cacheSize: after.size,
  };
}

function hits({ hits: ledger }: RunRecord) {
  const balance = balanceHits(ledger);
  return {
    hitsBefore: balance.before,
    hitsConfirmed: balance.confirmed,
    hitsOnDisk: balance.onDisk,
    hitsEvicted: balance.evicted,
    lostHits: balance.lost,
    surplusHits: balance.surplus,
  };
}

function fetches({ fetches: ledger }: RunRecord) {
  const { fetches, images, arrivals, killed, redundant, unexplained } = balanceFetches(ledger);
  return {
    fetches,
    imagesFetched: images,
    arrivals,
    redundancy: fetches / Math.max(1, arrivals + killed),
    redundantFetches: redundant,
    unexplainedArrivals: unexplained,
  };
}
