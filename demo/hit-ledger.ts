import { type Counts, sumOf, totalOf } from './counts.ts';

/** Every hit of a run, from both ends: the confirmations to readers, and the counts on images and in evictions. */
export interface HitLedger {
  /** Hits that were confirmed to a reader. */
  readonly confirmed: Counts;
  /** Hits on the images in the directory before the run. */
  readonly onDiskBefore: Counts;
  /** Hits on the images in the directory after the run. */
  readonly onDiskAfter: Counts;
  /** Hits of evicted images, as their evictions reported them. */
  readonly evicted: Counts;
}

/** Totals. Earlier and confirmed hits must be on disk or evicted; a difference is lost or surplus. */
export interface HitBalance {
  readonly confirmed: number;
  readonly before: number;
  readonly onDisk: number;
  readonly evicted: number;
  /** Confirmed, but neither on disk nor evicted. */
  readonly lost: number;
  /** On disk or evicted, but never confirmed. */
  readonly surplus: number;
}

/** Settles the ledger image by image, so that a lost hit of one image does not cancel a surplus hit of another. */
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
