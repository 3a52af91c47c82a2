import { subscribe } from 'node:diagnostics_channel';

import type { CacheEvents, ErrorEvent, EvictEvent } from 'xattr-cache';
import { addTo } from './counts.ts';
import type { Report } from './messages.ts';
import type { Served } from './serve.ts';
import type { SourceFile } from './source-files.ts';
import { emptyTally } from './tally.ts';

/** The account of one process: its own work, and the events of its cache. */
export class WorkLog {
  readonly tally: ReturnType<typeof emptyTally> = emptyTally();
  readonly #confirmedHits = new Map<string, number>();
  readonly #evictedHits = new Map<string, number>();
  readonly #evictions = new Map<string, number>();
  readonly #fetches = new Map<string, number>();
  /** Sizes of the images that are being fetched. */
  readonly #underWay = new Map<string, number>();
  #firstWrong: string | undefined;
  #firstError: string | undefined;

  /** Must be created before the cache is opened, so that no event is missed. */
  constructor() {
    listen('evict', (event) => this.#evicted(event));
    listen('commit', ({ imageId }) => {
      this.tally.committed += 1;
      this.#fetchEnded(imageId);
    });
    listen('rollback', ({ imageId }) => this.#fetchEnded(imageId));
    listen('error', (event) => this.#failed(event));
  }

  /** Notes a completed read. */
  served({ imageId }: SourceFile, { source, counted, bytes, wrongBytes, firstWrongAt }: Served): void {
    const cached = source === 'cache';
    this.tally.reads += 1;
    this.tally[cached ? 'hits' : 'misses'] += 1;
    this.tally[cached ? 'bytesFromCache' : 'bytesFromSource'] += bytes;
    if (source === 'follow') this.tally.followed += 1;
    this.tally[counted ? 'counted' : 'uncounted'] += 1;
    if (counted) addTo(this.#confirmedHits, imageId, 1);
    this.tally.wrongBytes += wrongBytes;
    if (firstWrongAt !== undefined) this.#firstWrong ??= `${imageId}, byte ${firstWrongAt}`;
  }

  /** Notes a request to the source for an image, or for the rest from `offset` on. */
  fetched({ imageId, size }: SourceFile, offset: number): void {
    this.tally.fetches += 1;
    if (offset > 0) this.tally.resumed += 1;
    addTo(this.#fetches, imageId, 1);
    this.#underWay.set(imageId, size);
    this.tally.fetching = this.#underWay.size;
    const bytes = [...this.#underWay.values()].reduce((sum, each) => sum + each, 0);
    this.tally.bytesAtOnce = Math.max(this.tally.bytesAtOnce, bytes);
  }

  /** Returns the report, which is complete once the cache is closed: until then it may be evicting. */
  report(role: Report['role']): Report {
    return {
      role,
      tally: this.tally,
      confirmedHits: this.#confirmedHits,
      evictedHits: this.#evictedHits,
      evictions: this.#evictions,
      fetches: this.#fetches,
      firstWrong: this.#firstWrong,
      firstError: this.#firstError,
    };
  }

  #fetchEnded(imageId: string): void {
    this.#underWay.delete(imageId);
    this.tally.fetching = this.#underWay.size;
  }

  #failed({ operation, error }: ErrorEvent): void {
    this.tally.errors += 1;
    this.#firstError ??= `${operation}: ${error instanceof Error ? error.message : String(error)}`;
  }

  /** The hits of an evicted image are on no file any more: only this event has them. */
  #evicted({ imageId, size, hits, reason }: EvictEvent): void {
    this.tally.filesEvicted += 1;
    this.tally.bytesEvicted += size;
    if (reason === 'prune') this.tally.filesPruned += 1;
    addTo(this.#evictedHits, imageId, hits);
    addTo(this.#evictions, imageId, 1);
  }
}

function listen<Name extends keyof CacheEvents>(name: Name, handle: (event: CacheEvents[Name]) => void): void {
  subscribe(`xattr-cache:${name}`, (event) => handle(event as CacheEvents[Name]));
}
