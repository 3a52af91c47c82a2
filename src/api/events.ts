// What happens in a cache, for whoever wants to know (node:diagnostics_channel). Free while nobody listens.

import { type Channel, channel } from 'node:diagnostics_channel';

/** Which cache an event is of. */
interface OfCache {
  /** The cache's directory; empty for a driver that has none. */
  readonly dir: string;
}

/** An image was read and the hit counted. */
export interface HitEvent extends OfCache {
  /** The image's name in the cache. */
  readonly imageId: string;
  /** Bytes. */
  readonly size: number;
}

/** An image was asked for and is not cached. */
export interface MissEvent extends OfCache {
  /** The image's name in the cache. */
  readonly imageId: string;
}

/** An image was published. */
export interface CommitEvent extends OfCache {
  /** The image's name in the cache. */
  readonly imageId: string;
  /** Bytes. */
  readonly size: number;
}

/** A write was given up. */
export interface RollbackEvent extends OfCache {
  /** The image's name in the cache. */
  readonly imageId: string;
  /** What stands in `user.error`. */
  readonly reason: string;
}

/** An image was removed to make room. */
export interface EvictEvent extends OfCache {
  /** The image's name in the cache. */
  readonly imageId: string;
  /** Bytes. */
  readonly size: number;
  /** As they stood on the file when it was unlinked. */
  readonly hits: number;
  /** Milliseconds since the epoch. */
  readonly lastAccessedMs: number;
  /** Who wanted it: `evictTo()`, `prune()`, or the limit after a commit. */
  readonly reason: 'evict' | 'prune' | 'auto-prune';
}

/** What failed or stalled writes left behind was removed. */
export interface ReapEvent extends OfCache {
  /** Which of the two directories it lay in. */
  readonly place: 'invalid' | 'incomplete';
  /** How many files, more than none. */
  readonly count: number;
}

/** An image was read, and the hit could not be counted. */
export interface UncountedEvent extends OfCache {
  /** The image's name in the cache. */
  readonly imageId: string;
  /** The image is gone; its lock was held for too long; or this process may not write it. */
  readonly why: 'evicted' | 'locked' | 'not-writable';
  /** Of `not-writable`. */
  readonly error: Error | undefined;
}

/** An error that was swallowed, because what it failed is not what was asked for. */
export interface ErrorEvent extends OfCache {
  /** The image that it was about, if it was about one. */
  readonly imageId: string | undefined;
  /** What was being done: to a tee's copy, to what is fetched once (`write`), or to keep the limit. */
  readonly operation: 'open' | 'write' | 'commit' | 'rollback' | 'auto-prune';
  /** What was thrown. */
  readonly error: unknown;
}

/**
 * The channels by their names behind `xattr-cache:`. They are of this process, whichever cache or driver an event is of.
 *
 * @example
 * import { subscribe } from 'node:diagnostics_channel';
 *
 * subscribe('xattr-cache:evict', (event) => {
 *   const { imageId, size } = event as CacheEvents['evict'];
 *   console.log(`${imageId} went, ${size} bytes`);
 * });
 */
export interface CacheEvents {
  /** On `xattr-cache:hit`. */
  readonly hit: HitEvent;
  /** On `xattr-cache:miss`. */
  readonly miss: MissEvent;
  /** On `xattr-cache:commit`. */
  readonly commit: CommitEvent;
  /** On `xattr-cache:rollback`. */
  readonly rollback: RollbackEvent;
  /** On `xattr-cache:evict`. */
  readonly evict: EvictEvent;
  /** On `xattr-cache:reap`. */
  readonly reap: ReapEvent;
  /** On `xattr-cache:uncounted`. */
  readonly uncounted: UncountedEvent;
  /** On `xattr-cache:error`. */
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
  error: channel('xattr-cache:error'),
};

/** Publishes an event; `make` is called only if somebody listens. */
export function publish<Name extends keyof CacheEvents>(name: Name, make: () => CacheEvents[Name]): void {
  const target = channels[name];
  if (target.hasSubscribers) target.publish(make());
}
