import { formatCountOf } from '#terminal/format';
import { formatSize } from '#terminal/size';
import type { Figures } from './figures.ts';

/** The first errors of a run, if there were any. */
export interface Firsts {
  readonly firstWrong: string | undefined;
  readonly firstError: string | undefined;
}

/**
 * Returns the problems of a run, each a sentence; none if it is right.
 *
 * A run in which an event that the demo must show did not occur is wrong, too.
 */
export function findProblems(figures: Figures, firsts: Firsts): string[] {
  return [
    ...wrongBytes(figures, firsts),
    ...wrongHits(figures),
    ...wrongFetches(figures),
    ...tooLarge(figures),
    ...leftBehind(figures, firsts),
    ...nothingShown(figures),
  ];
}

function* wrongBytes({ wrongBytes: count }: Figures, { firstWrong }: Firsts): Generator<string> {
  if (count > 0) yield `${formatCountOf(count, 'byte')} from the cache differed from the source (first: ${firstWrong})`;
}

function* wrongHits({ lostHits, surplusHits }: Figures): Generator<string> {
  if (lostHits > 0) {
    yield `${formatCountOf(lostHits, 'hit')} lost: neither on an image nor in the report of an eviction`;
  }
  if (surplusHits > 0) yield `${formatCountOf(surplusHits, 'hit')} too many: on an image, but confirmed to no process`;
}

function* wrongFetches({ redundantFetches, unexplainedArrivals }: Figures): Generator<string> {
  if (redundantFetches > 0) {
    yield `${formatCountOf(redundantFetches, 'fetch', 'fetches')} without need: no process had been killed, and no image evicted`;
  }
  if (unexplainedArrivals > 0) {
    yield `${formatCountOf(unexplainedArrivals, 'image')} came into the cache from elsewhere than the source`;
  }
}

function* tooLarge({ cacheSize, maxSize, largestSize, allowedSize }: Figures): Generator<string> {
  if (largestSize > allowedSize) {
    yield `the cache grew too large: ${formatSize(largestSize)}, where ${formatSize(allowedSize)} ` +
      'are allowed, the limit and the concurrent fetches';
  }
  if (cacheSize > maxSize) {
    yield `the cache is larger than its limit at the end: ${formatSize(cacheSize)} of ${formatSize(maxSize)}`;
  }
}

function* leftBehind({ kills, takeOvers, cleanedUp, errors }: Figures, { firstError }: Firsts): Generator<string> {
  const left = kills - takeOvers - cleanedUp;
  if (left !== 0) yield `${formatCountOf(left, 'image')} of killed processes: no other process fetched the rest`;
  if (errors > 0) yield `the cache had ${formatCountOf(errors, 'error')} of its own (first: ${firstError})`;
}

function* nothingShown(figures: Figures): Generator<string> {
  const { hits, followed, filesEvicted, takeOvers, evictedDuringReads, processes, workers } = figures;
  if (hits === 0) yield 'no read was a hit';
  if (followed === 0) yield 'no fetch was followed: no image was requested while it was fetched';
  if (filesEvicted === 0) yield 'no image was evicted: the cache never exceeded its limit';
  if (takeOvers === 0) yield 'no fetch of a killed process was taken over';
  if (evictedDuringReads === 0) yield 'no image was evicted in the middle of a read';
  if (processes < 2) yield `only ${formatCountOf(processes, 'process', 'processes')} of ${workers} took part`;
}
