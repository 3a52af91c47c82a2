import { type Counts, sumOf, totalOf } from './counts.ts';

/** Every hit of a run, from both ends: what the readers were told, and where it can be found. */
export interface HitLedger {
  /** Hits that a reader was told are counted. */
  readonly confirmed: Counts;
  /** Hits that stood on the images in the directory before the run. */
  readonly onDiskBefore: Counts;
  /** Hits that stand on the images in the directory after the run. */
  readonly onDiskAfter: Counts;
  /** Hits of evicted images, as their evictions reported them. */
  readonly evicted: Counts;
}

/** Totals. What was there before and what was confirmed is on disk or evicted; else it is lost, or surplus. */
export interface HitBalance {
  readonly confirmed: number;
  readonly before: number;
  readonly onDisk: number;
  readonly evicted: number;
  /** Confirmed, and nowhere to be found. */
  readonly lost: number;
  /** Found, and never confirmed to anybody. */
  readonly surplus: number;
}

/** Settles the ledger image by image, so that a hit lost on one is not made up for by one too many on another. */
export function balanceHits({ confirmed, onDiskBefore, onDiskAfter, evicted }: HitLedger): HitBalance {
  const found = sumOf([onDiskAfter, evicted]);
  let lost = 0;
  let surplus = 0;
  for (const imageId of new Set([...confirmed.keys(), ...onDiskBefore.keys(), ...found.keys()])) {
    const expected = (confirmed.get(imageId) ?? 0) + (onDiskBefore.get(imageId) ?? 0);
    const difference = (found.get(imageId) ?? 0) - expected;
    lost += Math.max(0, -difference);
    surplus += Math.max(0, difference);
  }
  return {
    confirmed: totalOf(confirmed),
    before: totalOf(onDiskBefore),
    onDisk: totalOf(onDiskAfter),
    evicted: totalOf(evicted),
    lost,
    surplus,
  };
}
