import { formatCountOf } from '../format.ts';
import { formatSize } from '../size.ts';
import type { Figures } from './summary.ts';

/**
 * What is wrong with a run, in words; nothing if it is right.
 *
 * A run in which nothing was hit or evicted, or only one process took part, is wrong too: it shows nothing.
 */
export function findProblems(figures: Figures, firstWrong: string | undefined): string[] {
  return [...wrongBytes(figures, firstWrong), ...wrongHits(figures), ...tooLarge(figures), ...nothingShown(figures)];
}

function* wrongBytes({ wrongBytes: count }: Figures, firstWrong: string | undefined): Generator<string> {
  if (count > 0) yield `${formatCountOf(count, 'byte')} from the cache differed from the source (first: ${firstWrong})`;
}

function* wrongHits({ lostHits, surplusHits }: Figures): Generator<string> {
  if (lostHits > 0) {
    yield `${formatCountOf(lostHits, 'hit')} lost: neither on an image nor in the report of an eviction`;
  }
  if (surplusHits > 0) yield `${formatCountOf(surplusHits, 'hit')} too many: on an image, but confirmed to no process`;
}

function* tooLarge({ cacheSize, maxSize }: Figures): Generator<string> {
  if (cacheSize > maxSize) {
    yield `the cache is larger than its limit at the end: ${formatSize(cacheSize)} of ${formatSize(maxSize)}`;
  }
}

function* nothingShown({ hits, filesEvicted, processes, workers }: Figures): Generator<string> {
  if (hits === 0) yield 'nothing was hit: no image was found in the cache';
  if (filesEvicted === 0) yield 'nothing was evicted: the cache never went beyond its limit';
  if (processes < 2) yield `only ${formatCountOf(processes, 'process', 'processes')} of ${workers} took part`;
}
