/** What a run was and whether it is right: what `--json` prints. Sizes are bytes. */
export interface Summary {
  readonly ok: boolean;
  /** What is wrong, in words; empty if `ok`. */
  readonly problems: readonly string[];
  readonly dir: string;
  /** That the processes worked; more than was asked for if there was nothing to show by then. */
  readonly seconds: number;
  readonly sourceFiles: number;
  readonly sourceSize: number;
  readonly maxSize: number;
  /**
   * What the cache may rightly be seen to reach: `maxSize` + `bytesAtOnce`. No worker begins to fetch while it makes room;
   * but that it has to, it learns only when it has put in what it is fetching.
   */
  readonly allowedSize: number;
  /** Sum of the most bytes that each worker was fetching at one moment. */
  readonly bytesAtOnce: number;
  readonly largestSize: number;
  /** How often the size was looked at to find the largest. */
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
  /** Those of `misses` that read along with a fetch that another process had begun. */
  readonly followed: number;
  /** How often the source was asked for an image. It counts for itself. */
  readonly fetches: number;
  /** How many different images were fetched. */
  readonly imagesFetched: number;
  /** How often an image came into the cache: those that are there, and the evicted ones, without those there before. */
  readonly arrivals: number;
  /** `fetches` / (`arrivals` + `kills`): 1 if no image was fetched without need. */
  readonly redundancy: number;
  /** Fetches that neither an arrival nor a killed process accounts for. */
  readonly redundantFetches: number;
  /** Arrivals that no fetch accounts for. */
  readonly unexplainedArrivals: number;
  /** Fetches that asked only for the rest of what a killed process had begun to fetch. */
  readonly resumed: number;
  readonly hitRatio: number;
  readonly bytesServed: number;
  readonly bytesFromCache: number;
  readonly readsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly imagesCached: number;
  readonly filesEvicted: number;
  readonly bytesEvicted: number;
  /** Those of `filesEvicted` that the pruner evicted. */
  readonly filesPruned: number;
  /** Reads whose image was evicted in their middle, and that got all of it nevertheless. */
  readonly evictedDuringReads: number;
  /** Processes that were killed in the middle of a fetch: `takeOvers` + `cleanedUp`, and nothing else. */
  readonly kills: number;
  /** Images of theirs that another process then fetched to their end, or the rest of them. */
  readonly takeOvers: number;
  readonly slowestTakeOverMs: number;
  /** Images of theirs whose remains the cleaner removed. */
  readonly cleanedUp: number;
  /** Failed writes that the cleaner removed. */
  readonly invalidReaped: number;
  readonly wrongBytes: number;
  /** Hits on the images that were in the directory before: 0 unless it is one's own. */
  readonly hitsBefore: number;
  /** Hits that workers were told are counted. With `hitsBefore`: `hitsOnDisk` + `hitsEvicted`, and nothing else. */
  readonly hitsConfirmed: number;
  readonly hitsOnDisk: number;
  readonly hitsEvicted: number;
  /** Reads whose hit workers were told is not counted. */
  readonly uncounted: number;
  readonly lostHits: number;
  readonly surplusHits: number;
  /** Errors that the cache swallowed. */
  readonly errors: number;
}

/** The figures alone. */
export type Figures = Omit<Summary, 'ok' | 'problems'>;
