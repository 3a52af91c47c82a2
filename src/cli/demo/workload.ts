import { setImmediate as nextTurn } from 'node:timers/promises';

import type { XattrDriver } from '../../index.ts';
import { type FillResult, fillByClaim, fillByClaimSync, fillWhole, fillWholeSync } from './fill.ts';
import { addHits } from './hit-ledger.ts';
import { keepWithinLimit } from './keep-within-limit.ts';
import type { WorkOrder, WorkReport } from './messages.ts';
import { type Random, seededRandom } from './random.ts';
import { type Buffers, createBuffers, type Served, serve, serveSync } from './serve.ts';
import type { SourceFile } from './source-files.ts';
import { emptyTally, type Tally } from './tally.ts';
import { zipf } from './zipf.ts';

/** Readers that take turns on one event loop, so that the asynchronous calls of one process overlap. */
const readersPerProcess = 4;
const bufferSize = 1024 * 1024;
/** How unevenly images are asked for; 1 is Zipf's law proper. */
const zipfExponent = 1;
const wholePutEvery = 3;
const largestWholePut = 1024 * 1024;

/**
 * What one worker process does: read images as often as they are popular, fill what is missing from its source, and
 * keep the cache within its limit. Any number of them share the directory and know nothing of each other.
 */
export class Workload {
  readonly #driver: XattrDriver;
  readonly #order: WorkOrder;
  readonly #random: Random;
  readonly #nextRank: () => number;
  readonly #tally = emptyTally();
  readonly #confirmedHits = new Map<string, number>();
  readonly #evictedHits = new Map<string, number>();
  readonly #beingPut = new Set<string>();
  #firstWrong: string | undefined;
  #evicting: Promise<void> | undefined;
  #stopped = false;

  constructor(driver: XattrDriver, order: WorkOrder) {
    this.#driver = driver;
    this.#order = order;
    this.#random = seededRandom(order.seed + order.worker);
    this.#nextRank = zipf(order.images.length, zipfExponent, this.#random);
  }

  get tally(): Readonly<Tally> {
    return this.#tally;
  }

  /** Works until {@link stop} and reports. */
  async run(): Promise<WorkReport> {
    await Promise.all(Array.from({ length: readersPerProcess }, () => this.#read()));
    return {
      tally: this.#tally,
      confirmedHits: this.#confirmedHits,
      evictedHits: this.#evictedHits,
      firstWrong: this.#firstWrong,
    };
  }

  /** What has been begun is finished. */
  stop(): void {
    this.#stopped = true;
  }

  async #read(): Promise<void> {
    const buffers = createBuffers(bufferSize);
    while (!this.#stopped) {
      const rank = this.#nextRank();
      const image = this.#order.images[rank] as SourceFile;
      const synchronously = this.#random() < 0.5;
      const served = synchronously
        ? serveSync(this.#driver, image, buffers)
        : await serve(this.#driver, image, buffers);

      this.#tally.reads += 1;
      if (served) this.#recordHit(image, served);
      else await this.#fillMiss(image, rank, synchronously, buffers);
      // A reader that happens to meet only synchronous calls must not starve the others, nor the message to stop.
      await nextTurn();
    }
  }

  #recordHit(image: SourceFile, { bytes, counted, wrongBytes, firstWrongAt }: Served): void {
    this.#tally.hits += 1;
    this.#tally.bytesFromCache += bytes;
    this.#tally[counted ? 'counted' : 'uncounted'] += 1;
    if (counted) addHits(this.#confirmedHits, image.imageId, 1);

    this.#tally.wrongBytes += wrongBytes;
    if (firstWrongAt !== undefined) this.#firstWrong ??= `${image.imageId}, byte ${firstWrongAt}`;
  }

  /** The reader gets the source's own bytes, whatever becomes of the cache. */
  async #fillMiss(image: SourceFile, rank: number, synchronously: boolean, buffers: Buffers): Promise<void> {
    this.#tally.misses += 1;
    this.#tally.bytesFromSource += image.size;
    const result = await this.#fill(image, rank, synchronously, buffers);
    if (result === 'busy') this.#tally.busy += 1;
    if (result !== 'filled') return;

    this.#tally.filled += 1;
    // One eviction at a time in each process: more of them would only wait for each other.
    this.#evicting ??= this.#evict();
    await this.#evicting;
  }

  async #evict(): Promise<void> {
    try {
      await keepWithinLimit(this.#driver, this.#order.limit, this.#tally, this.#evictedHits);
    } finally {
      this.#evicting = undefined;
    }
  }

  async #fill(image: SourceFile, rank: number, synchronously: boolean, { served }: Buffers): Promise<FillResult> {
    if (!isPutWhole(image, rank)) {
      return synchronously
        ? fillByClaimSync(this.#driver, image, served)
        : await fillByClaim(this.#driver, image, served);
    }
    // Whole puts claim nothing: one process alone does those of this image, and one at a time.
    const putter = Math.floor(rank / wholePutEvery) % this.#order.workers;
    if (putter !== this.#order.worker || this.#beingPut.has(image.imageId)) return 'busy';
    if (synchronously) return fillWholeSync(this.#driver, image);
    this.#beingPut.add(image.imageId);
    try {
      return await fillWhole(this.#driver, image);
    } finally {
      this.#beingPut.delete(image.imageId);
    }
  }
}

/** Some images are put in one go, the others by claim: both protocols are at work. */
function isPutWhole(image: SourceFile, rank: number): boolean {
  return rank % wholePutEvery === 0 && image.size <= largestWholePut;
}
