import { type Counts, totalOf } from './counts.ts';

/** Every fetch of a run, from both ends: the requests that the source counted, and the arrivals that needed one. */
export interface FetchLedger {
  /** Requests for each image, as counted by the source, which knows nothing of the cache. */
  readonly fetches: Counts;
  /** Fetches that ended with their process. Each makes another one necessary. */
  readonly killed: Counts;
  /** Evictions of each image. After each, the image must be fetched again if it is read. */
  readonly evictions: Counts;
  readonly cachedBefore: ReadonlySet<string>;
  readonly cachedAfter: ReadonlySet<string>;
}

export interface FetchBalance {
  readonly fetches: number;
  /** The number of different images that were fetched. */
  readonly images: number;
  /** The number of times that an image entered the cache. */
  readonly arrivals: number;
  readonly killed: number;
  /** Fetches that no arrival and no death accounts for. */
  readonly redundant: number;
  /** Arrivals that no fetch accounts for. */
  readonly unexplained: number;
}

/**
 * Settles the ledger image by image. An image entered the cache as often as it was evicted, once more if it is cached
 * now, and once less if it was cached before. The directory and the events of evictions show this, not the fetching
 * processes.
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
