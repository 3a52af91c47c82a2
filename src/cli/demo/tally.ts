/** What one worker has done so far, or all of them together. Counts, and bytes where the name says so. */
export interface Tally {
  /** Images asked for: `hits` + `misses`. */
  reads: number;
  /** Served from the cache: `counted` + `uncounted`. */
  hits: number;
  /** Hits that the cache confirmed: the counter on the file was raised. */
  counted: number;
  /** Hits that the cache said it could not count, since the image was evicted while it was read. */
  uncounted: number;
  /** Not in the cache: served from the source. */
  misses: number;
  /** Misses after which the image was put into the cache. */
  filled: number;
  /** Misses of an image that another process, or another reader of this one, was putting into the cache just then. */
  busy: number;
  bytesFromCache: number;
  bytesFromSource: number;
  /** Bytes from the cache that differ from the source, are missing, or too many. */
  wrongBytes: number;
  filesEvicted: number;
  bytesEvicted: number;
  /** The largest size of the cache that was seen, in bytes. */
  largestSize: number;
}

export function emptyTally(): Tally {
  return {
    reads: 0,
    hits: 0,
    counted: 0,
    uncounted: 0,
    misses: 0,
    filled: 0,
    busy: 0,
    bytesFromCache: 0,
    bytesFromSource: 0,
    wrongBytes: 0,
    filesEvicted: 0,
    bytesEvicted: 0,
    largestSize: 0,
  };
}

/** The sum of several; of the largest sizes, the largest. */
export function sumOfTallies(tallies: readonly Readonly<Tally>[]): Tally {
  const sum = emptyTally();
  for (const tally of tallies) {
    for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += tally[key];
  }
  sum.largestSize = Math.max(0, ...tallies.map((tally) => tally.largestSize));
  return sum;
}
