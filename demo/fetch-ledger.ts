import { type Counts, totalOf } from './counts.ts';

/** Every fetch of a run, from both ends: what the source was asked for, and what had to come from it. */
export interface FetchLedger {
  /** How often the source was asked for each image. It is the source that counts, and knows nothing of the cache. */
  readonly fetches: Counts;
  /** Those that ended with the process that fetched. Each makes one more necessary. */
  readonly killed: Counts;
  /** How often each image was evicted, and so had to come again if it was wanted. */
  readonly evictions: Counts;
  readonly cachedBefore: ReadonlySet<string>;
  readonly cachedAfter: ReadonlySet<string>;
}

export interface FetchBalance {
  readonly fetches: number;
  /** Of the images that were fetched, how many were different ones. */
  readonly images: number;
  /** How often an image came into the cache. */
  readonly arrivals: number;
  readonly killed: number;
  /** Fetches that no arrival and no death accounts for. */
  readonly redundant: number;
  /** Arrivals that no fetch accounts for. */
  readonly unexplained: number;
}

/**
 * Settles the ledger image by image. An image came into the cache as often as it left it, once more if it is there now,
 * and once less if it was there before: according to the directory and the reports of evictions, whichever process fetched it.
 */
export function balanceFetches({ fetches, killed, evictions, cachedBefore, cachedAfter }: FetchLedger): FetchBalance {
  let arrivals = 0;
  let redundant = 0;
  let unexplained = 0;
  for (const imageId of new Set([...fetches.keys(), ...killed.keys(), ...evictions.keys(), ...cachedAfter])) {
    const arrived =
      (evictions.get(imageId) ?? 0) + Number(cachedAfter.has(imageId)) - Number(cachedBefore.has(imageId));
    const difference = (fetches.get(imageId) ?? 0) - arrived - (killed.get(imageId) ?? 0);
    arrivals += arrived;
    redundant += Math.max(0, difference);
    unexplained += Math.max(0, -difference);
  }
  return {
    fetches: totalOf(fetches),
    images: fetches.size,
    arrivals,
    killed: totalOf(killed),
    redundant,
    unexplained,
  };
}
