/** What one process has done so far, or all of them together. Counts, and bytes where the name says so. */
export interface Tally {
  /** Images asked for: `hits` + `misses`, and `counted` + `uncounted`. */
  reads: number;
  /** Served from the cache. */
  hits: number;
  /** Reads whose hit the cache confirmed: the counter on the file was raised. */
  counted: number;
  /** Reads whose hit the cache said it could not count, since the image was evicted while it was read. */
  uncounted: number;
  /** Those of them that were in the middle of the image when it went, and knew it. */
  evictedDuringReads: number;
  /** Not in the cache: served while it was fetched from the source. */
  misses: number;
  /** Those of them that read along with a fetch that another process had begun. */
  followed: number;
  /** How often the source was asked for an image, or for the rest of one. */
  fetches: number;
  /** Those of `fetches` that asked for the rest of what a process that is dead had begun to fetch. */
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
  /** Those of `filesEvicted` that the pruner evicted. */
  filesPruned: number;
  /** The most bytes that one process was fetching at the same time; of several processes, the sum of that. */
  bytesAtOnce: number;
  /** Errors that the cache swallowed, so that nobody else has seen them. */
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
