// What happens in a cache, for whoever wants to know (node:diagnostics_channel). Free while nobody listens.

import { type Channel, channel } from 'node:diagnostics_channel';

/** Which cache an event is of. */
interface OfCache {
  /** The cache's directory; empty for a driver that has none. */
  readonly dir: string;
}

export interface HitEvent extends OfCache {
  readonly imageId: string;
  readonly size: number;
}

export interface MissEvent extends OfCache {
  readonly imageId: string;
}

export interface CommitEvent extends OfCache {
  readonly imageId: string;
  readonly size: number;
}

export interface RollbackEvent extends OfCache {
  readonly imageId: string;
  /** What stands in `user.error`. */
  readonly reason: string;
}

export interface EvictEvent extends OfCache {
  readonly imageId: string;
  readonly size: number;
  /** As they stood on the file when it was unlinked. */
  readonly hits: number;
  /** Milliseconds since the epoch. */
  readonly lastAccessedMs: number;
  /** Who wanted it: `evictTo()`, `prune()`, or the limit after a commit. */
  readonly reason: 'evict' | 'prune' | 'auto-prune';
}

export interface ReapEvent extends OfCache {
  readonly place: 'invalid' | 'incomplete';
  readonly count: number;
}

export interface UncountedEvent extends OfCache {
  readonly imageId: string;
  readonly why: 'evicted' | 'locked' | 'not-writable';
  /** Of `not-writable`. */
  readonly error: Error | undefined;
}

/** An error that was swallowed, because what it failed is not what was asked for. */
export interface ErrorEvent extends OfCache {
  readonly imageId: string | undefined;
  /** What was being done: to a tee's copy, or to keep the limit. */
  readonly operation: 'open' | 'write' | 'commit' | 'rollback' | 'auto-prune';
  readonly error: unknown;
}

/** The channels by their names behind `xattr-cache:`. */
export interface CacheEvents {
  readonly hit: HitEvent;
  readonly miss: MissEvent;
  readonly commit: CommitEvent;
  readonly rollback: RollbackEvent;
  readonly evict: EvictEvent;
  readonly reap: ReapEvent;
  readonly uncounted: UncountedEvent;
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
