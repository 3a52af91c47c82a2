import { balanceHits } from './hit-ledger.ts';
import type { RunRecord } from './run-record.ts';
import { findProblems } from './verdict.ts';

/** What a run was and whether it is right: what `--json` prints. Sizes are bytes. */
export interface Summary {
  readonly ok: boolean;
  /** What is wrong, in words; empty if `ok`. */
  readonly problems: readonly string[];
  readonly dir: string;
  readonly seconds: number;
  readonly sourceFiles: number;
  readonly sourceSize: number;
  readonly maxSize: number;
  readonly largestSize: number;
  /** At the end. */
  readonly cacheSize: number;
  /** At the end. */
  readonly images: number;
  readonly workers: number;
  /** Workers that read from the cache and were served. */
  readonly processes: number;
  readonly reads: number;
  readonly hits: number;
  readonly misses: number;
  readonly hitRatio: number;
  readonly bytesServed: number;
  readonly bytesFromCache: number;
  readonly bytesPerSecond: number;
  readonly imagesCached: number;
  readonly busy: number;
  readonly filesEvicted: number;
  readonly bytesEvicted: number;
  readonly wrongBytes: number;
  /** Hits on the images that were in the directory before: 0 unless it is one's own. */
  readonly hitsBefore: number;
  /** Hits that workers were told are counted. With `hitsBefore`: `hitsOnDisk` + `hitsEvicted`, and nothing else. */
  readonly hitsConfirmed: number;
  readonly hitsOnDisk: number;
  readonly hitsEvicted: number;
  /** Hits that workers were told are not counted. */
  readonly uncounted: number;
  readonly lostHits: number;
  readonly surplusHits: number;
}

/** The figures alone. */
export type Figures = Omit<Summary, 'ok' | 'problems'>;

/** Adds up a run, and judges it. */
export function summarize(record: RunRecord): Summary {
  const figures = addUp(record);
  const problems = findProblems(figures, firstWrongOf(record));
  return { ok: problems.length === 0, problems, ...figures };
}

function addUp({ dir, sources, limit, seconds, reports, tally, hits, after }: RunRecord): Figures {
  const balance = balanceHits(hits);
  const bytesServed = tally.bytesFromCache + tally.bytesFromSource;
  return {
    dir,
    seconds,
    sourceFiles: sources.length,
    sourceSize: sources.reduce((bytes, { size }) => bytes + size, 0),
    maxSize: limit,
    largestSize: tally.largestSize,
    cacheSize: after.size,
    images: after.images,
    workers: reports.length,
    processes: reports.filter((report) => report.tally.hits > 0).length,
    reads: tally.reads,
    hits: tally.hits,
    misses: tally.misses,
    hitRatio: tally.reads === 0 ? 0 : tally.hits / tally.reads,
    bytesServed,
    bytesFromCache: tally.bytesFromCache,
    bytesPerSecond: Math.round(bytesServed / seconds),
    imagesCached: tally.filled,
    busy: tally.busy,
    filesEvicted: tally.filesEvicted,
    bytesEvicted: tally.bytesEvicted,
    wrongBytes: tally.wrongBytes + after.wrongBytes,
    hitsBefore: balance.before,
    hitsConfirmed: balance.confirmed,
    hitsOnDisk: balance.onDisk,
    hitsEvicted: balance.evicted,
    uncounted: tally.uncounted,
    lostHits: balance.lost,
    surplusHits: balance.surplus,
  };
}

function firstWrongOf({ reports, after }: RunRecord): string | undefined {
  return [...reports, after].find(({ firstWrong }) => firstWrong !== undefined)?.firstWrong;
}
