import { type CacheError, ImageBusyError, NotOpenError } from '../api/errors.ts';
import type { LiveImage } from '../api/live-image.ts';
import { droppedReason } from '../api/reason.ts';
import type { Acquired, SharedDriver } from '../api/shared-driver.ts';
import { hasCode } from '../base/error-facts.ts';
import { Comparison } from './comparison.ts';
import { type FetchSource, LeaderFetch } from './leader-fetch.ts';
import { remoteFailure } from './remote-failure.ts';

/** What `user.error` begins with where the cache failed, not the source: the image is to be had all the same. */
const cacheFailures = ['ERR_NO_SPACE', 'ERR_IO', 'ERR_LOCK_TIMEOUT'];

export interface SharedFetchOptions {
  readonly driver: SharedDriver;
  readonly imageId: string;
  readonly source: FetchSource;
  /** Go on when every reader has left. */
  readonly finishFetch: boolean;
  /** Aborted when the cache is closed. */
  readonly signal: AbortSignal;
  /** An image of so many bytes was committed. */
  readonly onCommit: (size: number) => Promise<void>;
  /** What failed is the cache; those who read go on without it. */
  readonly onCacheError: (error: unknown) => void;
  /** Nobody is to join it any more. */
  readonly onOver: () => void;
  /** It fetches, until `ended`; `stop` makes that soon. */
  readonly onLead: (stop: () => void, ended: Promise<void>) => void;
}

/** Where a reader is. Apart from the reader, which a shared fetch must not keep from being collected. */
export interface Cursor {
  /** Known to begin with all that was read, and so not to be released. */
  image: LiveImage | undefined;
  /** Bytes from the beginning up to the furthest that was read. */
  end: number;
}

/**
 * An image on its way, once in this process however many read it: fetched by us, or followed while somebody else does.
 * If whoever writes it dies, it is taken over, and those who read do not notice.
 */
export class SharedFetch {
  readonly imageId: string;
  readonly #options: SharedFetchOptions;
  /** Those that somebody needs, and the one that is read now as the last. */
  #images: LiveImage[] = [];
  /** The image of a dead writer that is being copied. */
  #copied: LiveImage | undefined;
  #fetch: LeaderFetch | undefined;
  #leading: Promise<void> = Promise.resolve();
  readonly #cursors = new Set<Cursor>();
  #finish: boolean;
  #over = false;
  /** Who writes it now cannot be followed. */
  #outOfReach = false;
  #closed: CacheError | undefined;
  #takingOver: Promise<void> | undefined;
  /** Of each image, how far it was found to be the same as another, which somebody has read before. */
  readonly #compared = new Map<LiveImage, Map<LiveImage, Comparison>>();

  /** Never fails but with {@link NotOpenError}: without the cache, the image is still wanted. */
  static async begin(options: SharedFetchOptions): Promise<SharedFetch> {
    return new SharedFetch(options, await acquire(options));
  }

  /** Of an image that is not to go through the cache now. */
  static uncached(options: SharedFetchOptions): SharedFetch {
    return new SharedFetch(options, { state: 'unavailable', orphaned: false });
  }

  private constructor(options: SharedFetchOptions, acquired: Acquired) {
    this.imageId = options.imageId;
    this.#options = options;
    this.#finish = options.finishFetch;
    this.#enter(acquired, undefined);
  }

  /** Undefined: it cannot be read through the cache. */
  get image(): LiveImage | undefined {
    return this.#images.at(-1);
  }

  /** Whether the fetch is ours. */
  get leads(): boolean {
    return this.#fetch !== undefined;
  }

  /** Not once it is complete: it may have been deleted since, and who asks then wants another. */
  get joinable(): boolean {
    if (this.image?.state.progress === 'complete') this.#end();
    return !this.#over;
  }

  /** Bytes of the whole image; undefined where nobody has said. */
  get expectedSize(): number | undefined {
    return this.#fetch?.expectedSize ?? this.#options.source.expectedSize;
  }

  enter(finishFetch: boolean): Cursor {
    const cursor: Cursor = { image: undefined, end: 0 };
    this.#cursors.add(cursor);
    this.#finish ||= finishFetch;
    return cursor;
  }

  /** A reader goes on in another image than before. */
  advance(cursor: Cursor, image: LiveImage): void {
    if (cursor.image === image) return;
    cursor.image = image;
    this.#releaseUnneeded();
  }

  leave(cursor: Cursor): void {
    if (!this.#cursors.delete(cursor)) return;
    this.#releaseUnneeded();
    this.checkWanted();
  }

  /** Ends what nobody wants any more. */
  checkWanted(): void {
    if (this.#cursors.size > 0 || this.#takingOver) return;
    if (this.#fetch && !this.#fetch.over) {
      if (!this.#finish) void this.#fetch.stopWhenAlone(() => this.#cursors.size > 0 || this.#finish);
      return;
    }
    this.#end();
    this.#release();
  }

  /** Stops what is under way; those who read get a {@link NotOpenError}. What is complete is read to its end. */
  async close(): Promise<void> {
    if (!this.joinable) return;
    this.#closed = new NotOpenError('the cache was closed', this);
    this.#end();
    await this.#takingOver?.catch(() => {});
    this.#fetch?.stop();
    await this.#leading;
    this.#release();
  }

  /** @throws {@link NotOpenError} */
  assertOpen(): void {
    if (this.#closed) throw this.#closed;
  }

  /** What a reader is to do about an image that goes no further. @throws what it failed with */
  judge(image: LiveImage): 'complete' | 'growing' | 'abandoned' | 'uncached' {
    if (image.failure !== undefined) {
      if (!this.#over) this.#options.onCacheError(image.failure);
      this.#end(); // Who asks next is not to join what cannot be seen.
      return 'uncached';
    }
    const { progress, reason } = image.state;
    if (progress === 'complete' || progress === 'growing') return progress;
    const fetch = image === this.image ? this.#fetch : undefined;
    if (isAbandoned(image) && !fetch?.left) return this.#outOfReach ? 'uncached' : 'abandoned';
    this.#end();
    if (fetch?.left) return 'uncached'; // Its source is no longer wanted; each reader has one of its own.
    if (fetch ? fetch.cacheFailed : cacheFailures.includes(reason.split(':')[0] ?? '')) return 'uncached';
    throw fetch ? fetch.failure : remoteFailure(this.imageId, reason);
  }

  /** A reader goes past the cache, since its writer has brought no byte for so many milliseconds. */
  reportStalled(silentMs: number): void {
    this.#options.onCacheError(
      new ImageBusyError(this.imageId, { reason: `has a writer that has brought no byte for ${silentMs} ms` }),
    );
  }

  /** Goes on in another file, written by us or by whoever was faster. Once, however many ask. */
  async takeOver(dead: LiveImage): Promise<void> {
    if (this.image !== dead) return;
    this.assertOpen();
    this.#takingOver ??= this.#succeed(dead).finally(() => {
      this.#takingOver = undefined;
      this.checkWanted();
    });
    await this.#takingOver;
  }

  /** Whether `image` begins with the first `size` bytes of `before`. Resolves when it is known for all of them. */
  async beginsLike(before: LiveImage, image: LiveImage, size: number): Promise<boolean> {
    const ofImage = this.#compared.get(image) ?? new Map<LiveImage, Comparison>();
    this.#compared.set(image, ofImage);
    const comparison = ofImage.get(before) ?? new Comparison(before, image);
    ofImage.set(before, comparison);
    return comparison.upTo(size);
  }

  async #succeed(dead: LiveImage): Promise<void> {
    this.#enter(await acquire(this.#options), dead);
  }

  #enter(acquired: Acquired, dead: LiveImage | undefined): void {
    this.#fetch = undefined;
    if (acquired.state === 'unavailable') {
      if (acquired.orphaned) this.#options.onCacheError(orphaned(this.imageId));
      this.#outOfReach = true;
      this.#end();
      return;
    }
    this.#images.push(acquired.image);
    this.#copied = dead;
    if (acquired.state !== 'claimed') this.#copied = undefined;
    this.#releaseUnneeded();
    if (acquired.state !== 'claimed') return;
    const fetch = new LeaderFetch(this.imageId, this.#options.source, acquired.writer, acquired.image);
    this.#fetch = fetch;
    this.#leading = this.#lead(fetch, acquired.image, dead);
    this.#options.onLead(() => fetch.stop(), this.#leading);
  }

  async #lead(fetch: LeaderFetch, image: LiveImage, dead: LiveImage | undefined): Promise<void> {
    const { onCommit, onCacheError } = this.#options;
    const size = await fetch.run(dead, () => {
      this.#copied = undefined;
      this.#releaseUnneeded();
    });
    if (!isAbandoned(image) || fetch.left) this.#end(); // Else those who still read go on with another.
    if (fetch.cacheFailed) onCacheError(fetch.failure);
    this.checkWanted();
    if (size > 0) await onCommit(size).catch(onCacheError);
  }

  /** Each take-over leaves an image behind, with its descriptors and the room that it takes on disk. */
  #releaseUnneeded(): void {
    const needed = new Set([this.image, this.#copied]);
    for (const { image } of this.#cursors) needed.add(image);
    for (const image of this.#images) {
      if (needed.has(image)) continue;
      image.release();
      this.#compared.delete(image);
      for (const befores of this.#compared.values()) befores.delete(image);
    }
    this.#images = this.#images.filter((image) => needed.has(image));
  }

  #release(): void {
    for (const image of this.#images) image.release();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onOver();
  }
}

async function acquire({ driver, imageId, source, signal, onCacheError }: SharedFetchOptions): Promise<Acquired> {
  try {
    return await driver.acquire(imageId, { expectedSize: source.expectedSize, signal });
  } catch (error) {
    if (hasCode(error, 'ERR_NOT_OPEN')) throw error;
    onCacheError(error);
    return { state: 'unavailable', orphaned: false };
  }
}

function orphaned(imageId: string): ImageBusyError {
  return new ImageBusyError(imageId, { reason: 'has a writer that died, whose token another process has locked' });
}

/** Its writer is dead, or gave up though nothing was wrong with the image. */
function isAbandoned({ state }: LiveImage): boolean {
  return state.progress === 'dead' || (state.progress === 'failed' && state.reason === droppedReason);
}
