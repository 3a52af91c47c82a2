/** The work of one process so far, or of all together. Counts, or bytes if the name has `bytes`. */
export interface Tally {
  /** Images read: `hits` + `misses`, and also `counted` + `uncounted`. */
  reads: number;
  /** Served from the cache. */
  hits: number;
  /** Reads whose hit the cache confirmed as counted on the file. */
  counted: number;
  /** Reads whose hit the cache could not count, because the image was evicted meanwhile. */
  uncounted: number;
  /** The part of `uncounted` that noticed the eviction in the middle of the read. */
  evictedDuringReads: number;
  /** Not in the cache: served while it was fetched from the source. */
  misses: number;
  /** The part of `misses` that followed the fetch of another process. */
  followed: number;
  /** Requests to the source for an image, or for the rest of one. */
  fetches: number;
  /** The part of `fetches` that requested the rest of an image after the death of its process. */
  resumed: number;
  /** Images that are being fetched now. */
  fetching: number;
  bytesFromCache: number;
  bytesFromSource: number;
  /** Bytes served that differ from the source, are missing, or too many. */
  wrongBytes: number;
  /** Images put into the cache. */
  committed: number;
  filesEvicted: number;
  bytesEvicted: number;
  /** The part of `filesEvicted` that the pruner evicted. */
  filesPruned: number;
  /** The most bytes that a process was fetching concurrently; of several processes, the sum. */
  bytesAtOnce: number;
  /** Errors that the cache reported as events only. */
  errors: number;
}

export function emptyTally(): Tally {
  return {
    reads: 0,
    hits: 0,
    counted: 0,
    uncounted: 0,
    evictedDuringReads: 0,
    misses: 0,
    followed: 0,
    fetches: 0,
    resumed: 0,
    fetching: 0,
    bytesFromCache: 0,
    bytesFromSource: 0,
    wrongBytes: 0,
    committed: 0,
    filesEvicted: 0,
    bytesEvicted: 0,
    filesPruned: 0,
    bytesAtOnce: 0,
    errors: 0,
  };
}

export function sumOfTallies(tallies: readonly Readonly<Tally>[]): Tally {
  const sum = emptyTally();
  for (const tally of tallies) {
    for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += tally[key];
  }
  return sum;
}
