/** The figures of a run and its verdict, as `--json` prints them. Sizes are bytes. */
export interface Summary {
  readonly ok: boolean;
  /** The problems, each a sentence; empty if `ok`. */
  readonly problems: readonly string[];
  readonly dir: string;
  /** Seconds of work; more than `--seconds` if too little had happened by then. */
  readonly seconds: number;
  readonly sourceFiles: number;
  readonly sourceSize: number;
  readonly maxSize: number;
  /**
   * The size that the cache may reach: `maxSize` + `bytesAtOnce`. A worker begins no fetch while it frees space, but it
   * learns only after the end of a fetch that it must.
   */
  readonly allowedSize: number;
  /** Sum over the workers of the most bytes that each was fetching concurrently. */
  readonly bytesAtOnce: number;
  readonly largestSize: number;
  /** Number of measurements of the size. */
  readonly looksAtSize: number;
  /** At the end. */
  readonly cacheSize: number;
  /** At the end. */
  readonly images: number;
  readonly workers: number;
  /** Workers that read from the cache and were served. */
  readonly processes: number;
  readonly reads: number;
  readonly hits: number;
  readonly misses: number;
  /** The part of `misses` that followed the fetch of another process. */
  readonly followed: number;
  /** Requests, as counted by the source. */
  readonly fetches: number;
  /** Number of different images that were fetched. */
  readonly imagesFetched: number;
  /** Times that an image entered the cache: the cached and the evicted ones, less those cached before. */
  readonly arrivals: number;
  /** `fetches` / (`arrivals` + `kills`): 1 if no image was fetched without need. */
  readonly redundancy: number;
  /** Fetches that neither an arrival nor a killed process accounts for. */
  readonly redundantFetches: number;
  /** Arrivals that no fetch accounts for. */
  readonly unexplainedArrivals: number;
  /** Fetches of the rest of an image that a killed process had begun. */
  readonly resumed: number;
  readonly hitRatio: number;
  readonly bytesServed: number;
  readonly bytesFromCache: number;
  readonly readsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly imagesCached: number;
  readonly filesEvicted: number;
  readonly bytesEvicted: number;
  /** The part of `filesEvicted` that the pruner evicted. */
  readonly filesPruned: number;
  /** Reads that got the whole image although it was evicted meanwhile. */
  readonly evictedDuringReads: number;
  /** Processes that were killed in the middle of a fetch: `takeOvers` + `cleanedUp`, and nothing else. */
  readonly kills: number;
  /** Their images that another process completed. */
  readonly takeOvers: number;
  readonly slowestTakeOverMs: number;
  /** Their images that the cleaner removed. */
  readonly cleanedUp: number;
  /** Failed writes that the cleaner removed. */
  readonly invalidReaped: number;
  readonly wrongBytes: number;
  /** Hits of the images that were cached before the run: 0 in a temporary directory. */
  readonly hitsBefore: number;
  /** Hits that the cache confirmed to workers. Together with `hitsBefore`, exactly `hitsOnDisk` + `hitsEvicted`. */
  readonly hitsConfirmed: number;
  readonly hitsOnDisk: number;
  readonly hitsEvicted: number;
  /** Reads whose hit the cache reported as not counted. */
  readonly uncounted: number;
  readonly lostHits: number;
  readonly surplusHits: number;
  /** Errors that the cache swallowed. */
  readonly errors: number;
}

/** The figures without the verdict. */
export type Figures = Omit<Summary, 'ok' | 'problems'>;
