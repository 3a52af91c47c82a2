import { subscribe } from 'node:diagnostics_channel';

import type { CacheEvents, ErrorEvent, EvictEvent } from '../../index.ts';
import type { Compared } from './comparison.ts';
import { addHits } from './hit-ledger.ts';
import type { Report } from './messages.ts';
import type { Served } from './serve.ts';
import type { SourceFile } from './source-files.ts';
import { emptyTally } from './tally.ts';

/** What one process does and sees: as it says itself, and as the events of its cache say. */
export class WorkLog {
  readonly tally: ReturnType<typeof emptyTally> = emptyTally();
  readonly #confirmedHits = new Map<string, number>();
  readonly #evictedHits = new Map<string, number>();
  #firstWrong: string | undefined;
  #firstError: string | undefined;

  /** To be made before the cache is opened, so that nothing is missed. */
  constructor() {
    listen('evict', (event) => this.#evicted(event));
    listen('commit', () => {
      this.tally.committed += 1;
    });
    listen('error', (event) => this.#failed(event));
  }

  /** A read was answered from the cache. */
  served(image: SourceFile, { counted, ...compared }: Served): void {
    this.tally.reads += 1;
    this.tally.hits += 1;
    this.tally.bytesFromCache += compared.bytes;
    this.tally[counted ? 'counted' : 'uncounted'] += 1;
    if (counted) addHits(this.#confirmedHits, image.imageId, 1);
    this.#compared(image, compared);
  }

  /** A read was answered from the source. */
  missed(image: SourceFile, compared: Compared): void {
    this.tally.reads += 1;
    this.tally.misses += 1;
    this.tally.bytesFromSource += compared.bytes;
    this.#compared(image, compared);
  }

  /** Complete once the cache is closed: until then it may be evicting. */
  report(role: Report['role']): Report {
    return {
      role,
      tally: this.tally,
      confirmedHits: this.#confirmedHits,
      evictedHits: this.#evictedHits,
      firstWrong: this.#firstWrong,
      firstError: this.#firstError,
    };
  }

  #compared(image: SourceFile, { wrongBytes, firstWrongAt }: Compared): void {
    this.tally.wrongBytes += wrongBytes;
    if (firstWrongAt !== undefined) this.#firstWrong ??= `${image.imageId}, byte ${firstWrongAt}`;
  }

  #failed({ operation, error }: ErrorEvent): void {
    // A tee does not wait for room for long: the image is passed on, and not cached.
    if (error instanceof Error && error.name === 'TimeoutError') return;
    this.tally.errors += 1;
    this.#firstError ??= `${operation}: ${error instanceof Error ? error.message : String(error)}`;
  }

  /** The hits of an image that goes are on no file any more: this event is the only one that knows them. */
  #evicted({ imageId, size, hits, reason }: EvictEvent): void {
    this.tally.filesEvicted += 1;
    this.tally.bytesEvicted += size;
    if (reason === 'prune') this.tally.filesPruned += 1;
    addHits(this.#evictedHits, imageId, hits);
  }
}

function listen<Name extends keyof CacheEvents>(name: Name, handle: (event: CacheEvents[Name]) => void): void {
  subscribe(`xattr-cache:${name}`, (event) => handle(event as CacheEvents[Name]));
}
