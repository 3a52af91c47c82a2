/** Hits by image id. */
export type HitCounts = ReadonlyMap<string, number>;

/** Adds to one image's hits. */
export function addHits(counts: Map<string, number>, imageId: string, hits: number): void {
  counts.set(imageId, (counts.get(imageId) ?? 0) + hits);
}

/** The sum of several, image by image. */
export function sumOfHits(parts: readonly HitCounts[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const part of parts) {
    for (const [imageId, hits] of part) addHits(sum, imageId, hits);
  }
  return sum;
}

export function totalHits(counts: HitCounts): number {
  let total = 0;
  for (const hits of counts.values()) total += hits;
  return total;
}

/** Every hit of a run, from both ends: what the readers were told, and where it can be found. */
export interface HitLedger {
  /** Hits that a reader was told are counted. */
  readonly confirmed: HitCounts;
  /** Hits that stood on the images in the directory before the run. */
  readonly onDiskBefore: HitCounts;
  /** Hits that stand on the images in the directory after the run. */
  readonly onDiskAfter: HitCounts;
  /** Hits of evicted images, as their evictions reported them. */
  readonly evicted: HitCounts;
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
  const found = sumOfHits([onDiskAfter, evicted]);
  let lost = 0;
  let surplus = 0;
  for (const imageId of new Set([...confirmed.keys(), ...onDiskBefore.keys(), ...found.keys()])) {
    const expected = (confirmed.get(imageId) ?? 0) + (onDiskBefore.get(imageId) ?? 0);
    const difference = (found.get(imageId) ?? 0) - expected;
    lost += Math.max(0, -difference);
    surplus += Math.max(0, difference);
  }
  return {
    confirmed: totalHits(confirmed),
    before: totalHits(onDiskBefore),
    onDisk: totalHits(onDiskAfter),
    evicted: totalHits(evicted),
    lost,
    surplus,
  };
}
