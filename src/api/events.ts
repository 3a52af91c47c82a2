// The events of caches, on node:diagnostics_channel. Without a subscriber they cost nothing.

import { type Channel, channel } from 'node:diagnostics_channel';

/** The cache of an event. */
interface OfCache {
  /** Directory of the cache; empty for a driver without one. */
  readonly dir: string;
}

/**
 * An image was read, and the hit was counted.
 *
 * @since 0.1.0
 */
export interface HitEvent extends OfCache {
  /** Image id. */
  readonly imageId: string;
  /** Size in bytes. */
  readonly size: number;
}

/**
 * An image was requested that is not cached.
 *
 * @since 0.1.0
 */
export interface MissEvent extends OfCache {
  /** Image id. */
  readonly imageId: string;
}

/**
 * An image was published.
 *
 * @since 0.1.0
 */
export interface CommitEvent extends OfCache {
  /** Image id. */
  readonly imageId: string;
  /** Size in bytes. */
  readonly size: number;
}

/**
 * A write was rolled back.
 *
 * @since 0.1.0
 */
export interface RollbackEvent extends OfCache {
  /** Image id. */
  readonly imageId: string;
  /** Content of `user.error`. */
  readonly reason: string;
}

/**
 * An image was evicted.
 *
 * @since 0.1.0
 */
export interface EvictEvent extends OfCache {
  /** Image id. */
  readonly imageId: string;
  /** Size in bytes. */
  readonly size: number;
  /** Number of hits on the file when it was unlinked. */
  readonly hits: number;
  /** Time of the last access in milliseconds since the epoch. */
  readonly lastAccessedMs: number;
  /** Cause of the eviction: `evictTo()`, `prune()`, or the limit after a commit. */
  readonly reason: 'evict' | 'prune' | 'auto-prune';
}

/**
 * Leftovers of failed, dead or stalled writers were removed.
 *
 * @since 0.1.0
 */
export interface ReapEvent extends OfCache {
  /** Directory of the leftovers. */
  readonly place: 'invalid' | 'incomplete';
  /** Number of files, at least 1. */
  readonly count: number;
}

/**
 * An image was read, but the hit could not be counted.
 *
 * @since 0.1.0
 */
export interface UncountedEvent extends OfCache {
  /** Image id. */
  readonly imageId: string;
  /** Reason: the image was removed, its lock was held for too long, or this process may not write it. */
  readonly why: 'evicted' | 'locked' | 'not-writable';
  /** Error of the write, if `why` is `not-writable`. */
  readonly error: Error | undefined;
}

/**
 * A checkpoint was made, or writes to the disk have failed.
 *
 * @since 0.2.0
 */
export interface CheckpointEvent extends OfCache {
  /** Duration in milliseconds. */
  readonly durationMs: number;
  /** The failure, after which images that it may have damaged are dropped; undefined if all is on disk. */
  readonly error: unknown;
}

/**
 * After another boot, the images that no checkpoint vouched for were verified or dropped.
 *
 * @since 0.2.0
 */
export interface RecoverEvent extends OfCache {
  /** Time when the last checkpoint began, in milliseconds since the epoch. */
  readonly since: number;
  /** Number of images that are younger. */
  readonly doubtful: number;
  /** Number of these that equal their recorded digest. */
  readonly kept: number;
  /** Number of the others, which were removed. */
  readonly dropped: number;
  /** Size of the removed images in bytes. */
  readonly bytes: number;
}

/**
 * An error that no call reports, because it did not fail the call: for example, of caching beside a stream.
 *
 * @since 0.1.0
 */
export interface ErrorEvent extends OfCache {
  /** Image of the failed operation, if it had one. */
  readonly imageId: string | undefined;
  /** Failed operation: of a caching iterator's copy, of a shared fetch (`write`), or of keeping the limit. */
  readonly operation: 'open' | 'write' | 'commit' | 'rollback' | 'auto-prune';
  /** The error itself. */
  readonly error: unknown;
}

/**
 * Channels by their names after `xattr-cache:`. A channel has the events of all caches and drivers of this process.
 *
 * @since 0.1.0
 *
 * @example
 * import { subscribe } from 'node:diagnostics_channel';
 *
 * subscribe('xattr-cache:evict', (event) => {
 *   const { imageId, size } = event as CacheEvents['evict'];
 *   console.log(`${imageId} was evicted, ${size} bytes`);
 * });
 */
export interface CacheEvents {
  /** Event on `xattr-cache:hit`. */
  readonly hit: HitEvent;
  /** Event on `xattr-cache:miss`. */
  readonly miss: MissEvent;
  /** Event on `xattr-cache:commit`. */
  readonly commit: CommitEvent;
  /** Event on `xattr-cache:rollback`. */
  readonly rollback: RollbackEvent;
  /** Event on `xattr-cache:evict`. */
  readonly evict: EvictEvent;
  /** Event on `xattr-cache:reap`. */
  readonly reap: ReapEvent;
  /** Event on `xattr-cache:uncounted`. */
  readonly uncounted: UncountedEvent;
  /** Event on `xattr-cache:checkpoint`. */
  readonly checkpoint: CheckpointEvent;
  /** Event on `xattr-cache:recover`. */
  readonly recover: RecoverEvent;
  /** Event on `xattr-cache:error`. */
  readonly error: ErrorEvent;
}

const channels: { readonly [Name in keyof CacheEvents]: Channel } = {
  hit: channel('xattr-cache:hit'),
  miss: channel('xattr-cache:miss'),
  commit: channel('xattr-cache:commit'),
  rollback: channel('xattr-cache:rollback'),
  evict: channel('xattr-cache:evict'),
  reap: channel('xattr-cache:reap'),
  uncounted: channel('xattr-cache:uncounted'),
  checkpoint: channel('xattr-cache:checkpoint'),
  recover: channel('xattr-cache:recover'),
  error: channel('xattr-cache:error'),
};

/** Publishes an event. `make` is called only if there is a subscriber. */
export function publish<Name extends keyof CacheEvents>(name: Name, make: () => CacheEvents[Name]): void {
  const target = channels[name];
  if (target.hasSubscribers) target.publish(make());
}
