import { ImageBusyError, NotOpenError } from '../api/errors.ts';
import type { LiveImage } from '../api/live-image.ts';
import { droppedReason } from '../api/reason.ts';
import type { Acquired, SharedDriver } from '../api/shared-driver.ts';
import { acquire, giveUp, orphaned } from './acquire.ts';
import { type FetchSource, LeaderFetch } from './leader-fetch.ts';
import { OpenImages } from './open-images.ts';
import { remoteFailure } from './remote-failure.ts';
import { isActive, type SharedFetchState } from './shared-fetch-state.ts';

/** Beginnings of `user.error` that blame the cache and not the source: the image is still available from its source. */
const cacheFailures = ['ERR_NO_SPACE', 'ERR_IO', 'ERR_LOCK_TIMEOUT'];

export interface SharedFetchOptions {
  readonly driver: SharedDriver;
  readonly imageId: string;
  readonly source: FetchSource;
  /** Continue when every reader has left. */
  readonly finishFetch: boolean;
  /** Aborted when the cache is closed. */
  readonly signal: AbortSignal;
  /** Called after the commit of an image of `size` bytes. */
  readonly onCommit: (size: number) => Promise<void>;
  /** Called with an error of the cache. The readers continue without the cache. */
  readonly onCacheError: (error: unknown) => void;
  /** Called when no reader may join any more. */
  readonly onOver: () => void;
  /** Called when this process begins to fetch, until `ended`; `stop` ends the fetch soon. */
  readonly onLead: (stop: () => void, ended: Promise<void>) => void;
}

/** The position of a reader. It is apart from the reader, which a shared fetch must not keep from being collected. */
export interface Cursor {
  /** The image whose beginning is known to be all that was read. It must not be released. */
  image: LiveImage | undefined;
  /** Bytes from the beginning up to the furthest that was read. */
  end: number;
}

/**
 * One image on its way, shared by all its readers in this process. If its writer dies, the fetch is taken over,
 * unnoticed by the readers. `shared-fetch-state.ts` has its states and their transitions.
 */
export class SharedFetch {
  readonly imageId: string;
  readonly #options: SharedFetchOptions;
  readonly #images = new OpenImages();
  readonly #cursors = new Set<Cursor>();
  #finish: boolean;
  #state: SharedFetchState;

  /**
   * Begins a shared fetch. If the cache fails, the fetch is bypassed, because the image is still wanted.
   *
   * @throws {@link NotOpenError} only
   */
  static async begin(options: SharedFetchOptions): Promise<SharedFetch> {
    return new SharedFetch(options, await acquire(options));
  }

  /** Returns a bypassed fetch, for an image that must not go through the cache now. */
  static uncached(options: SharedFetchOptions): SharedFetch {
    return new SharedFetch(options, { state: 'unavailable', orphaned: false });
  }

  private constructor(options: SharedFetchOptions, acquired: Acquired) {
    this.imageId = options.imageId;
    this.#options = options;
    this.#finish = options.finishFetch;
    this.#state = this.#stateOf(acquired, undefined);
  }

  /** The image that is read now; undefined if it cannot be read through the cache. */
  get image(): LiveImage | undefined {
    return this.#state.image;
  }

  get isLeading(): boolean {
    return this.#state.phase === 'leading';
  }

  /** Bytes of the whole image; undefined while they are unknown. */
  get expectedSize(): number | undefined {
    return this.#state.fetch?.expectedSize ?? this.#options.source.expectedSize;
  }

  /** Updates the state of an image that another cache writes. Otherwise only a reader that waits does. */
  async poll(): Promise<void> {
    if (this.#state.phase === 'following') await this.#state.image.poll();
  }

  /**
   * Returns whether a reader may join. The fetch of a complete image ends: the image may have been deleted since, and a
   * new caller wants another.
   */
  checkJoinable(): boolean {
    if (this.image?.state.progress === 'complete') this.#end();
    return isActive(this.#state);
  }

  enter(finishFetch: boolean): Cursor {
    const cursor: Cursor = { image: undefined, end: 0 };
    this.#cursors.add(cursor);
    this.#finish ||= finishFetch;
    return cursor;
  }

  /** Moves a reader to another image. */
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

  /** Ends the fetch if it has no reader. */
  checkWanted(): void {
    if (this.#cursors.size > 0 || this.#state.phase === 'takingOver') return;
    const { fetch } = this.#state;
    if (fetch && !fetch.over) {
      if (!this.#finish) void fetch.stopWhenAlone(() => this.#cursors.size > 0 || this.#finish);
      return;
    }
    this.#end();
    this.#images.release();
  }

  /** Stops the fetch; its readers get a {@link NotOpenError}. A complete image is still read to its end. */
  async close(): Promise<void> {
    if (!this.checkJoinable()) return;
    const state = this.#state;
    this.#end(new NotOpenError('the cache was closed', this));
    state.fetch?.stop();
    if ('done' in state) await state.done;
    this.#images.release();
  }

  /** @throws {@link NotOpenError} */
  assertOpen(): void {
    if (this.#state.phase === 'ended' && this.#state.closed) throw this.#state.closed;
  }

  /**
   * Returns the state of an image for a reader that has read all its bytes.
   *
   * @throws the error with which the image failed
   */
  outcomeOf(image: LiveImage): 'complete' | 'growing' | 'abandoned' | 'uncached' {
    if (image.failure !== undefined) {
      if (isActive(this.#state)) this.#options.onCacheError(image.failure);
      this.#bypass(); // A new caller must not join an image that cannot be read.
      return 'uncached';
    }
    const { progress, reason } = image.state;
    if (progress === 'complete' || progress === 'growing') return progress;
    const isCurrent = image === this.image;
    const failure = isCurrent ? this.#state.fetch?.failure : undefined;
    if (isAbandoned(image) && failure?.of !== 'caller') {
      return isCurrent && !isActive(this.#state) ? 'uncached' : 'abandoned';
    }
    this.#end();
    if (failure?.of === 'source') throw failure.error;
    // The source of an aborted caller is no longer wanted; each reader has its own.
    if (failure || cacheFailures.includes(reason.split(':')[0] ?? '')) return 'uncached';
    throw remoteFailure(this.imageId, reason);
  }

  /** Reports that a reader bypasses the cache, because the writer has written no byte for `silentMs`. */
  reportStalled(silentMs: number): void {
    this.#options.onCacheError(
      new ImageBusyError(this.imageId, { reason: `has a writer that has brought no byte for ${silentMs} ms` }),
    );
  }

  /** Continues in another file, which we or another writer write. Concurrent calls share one take-over. */
  async takeOver(dead: LiveImage): Promise<void> {
    if (this.image !== dead) return;
    this.assertOpen();
    if (this.#state.phase !== 'takingOver') {
      const { fetch } = this.#state;
      this.#state = { phase: 'takingOver', image: dead, fetch, done: this.#succeed(dead) };
    }
    await this.#state.done;
  }

  /** Returns whether `image` begins with the first `size` bytes of `before`. */
  beginsLike(before: LiveImage, image: LiveImage, size: number): Promise<boolean> {
    return this.#images.beginsLike(before, image, size);
  }

  /** Never fails: an error ends the fetch, and its readers get it. */
  async #succeed(dead: LiveImage): Promise<void> {
    try {
      const acquired = await acquire(this.#options);
      if (!isActive(this.#state)) return await giveUp(acquired); // The cache was closed meanwhile.
      this.#state = this.#stateOf(acquired, dead);
      this.#releaseUnneeded();
    } catch (error) {
      this.#end(error);
      this.#images.release();
    }
    this.checkWanted();
  }

  /** Returns the state after an acquisition, and begins to fetch if the image was claimed. */
  #stateOf(acquired: Acquired, dead: LiveImage | undefined): SharedFetchState {
    const { onCacheError, onLead, onOver, source } = this.#options;
    if (acquired.state === 'unavailable') {
      if (acquired.orphaned) onCacheError(orphaned(this.imageId));
      onOver();
      return { phase: 'bypassed', image: dead, fetch: undefined };
    }
    const { image } = acquired;
    this.#images.add(image);
    if (acquired.state !== 'claimed') return { phase: 'following', image };
    const fetch = new LeaderFetch(this.imageId, source, acquired.writer, acquired.image, dead);
    const done = this.#lead(fetch, image);
    onLead(() => fetch.stop(), done);
    return { phase: 'leading', image, fetch, done };
  }

  async #lead(fetch: LeaderFetch, image: LiveImage): Promise<void> {
    const { onCommit, onCacheError } = this.#options;
    const size = await fetch.run(() => this.#releaseUnneeded());
    const { failure } = fetch;
    if (!isAbandoned(image) || failure?.of === 'caller') this.#end(); // Otherwise, the readers take it over.
    if (failure?.of === 'cache') onCacheError(failure.error);
    this.checkWanted();
    if (size > 0) await onCommit(size).catch(onCacheError);
  }

  #releaseUnneeded(): void {
    const { image, fetch } = this.#state;
    const cursors = [...this.#cursors].map((cursor) => cursor.image);
    this.#images.keepOnly(new Set([image, fetch?.copying, ...cursors]));
  }

  #bypass(): void {
    if (!isActive(this.#state)) return;
    const { image, fetch } = this.#state;
    this.#state = { phase: 'bypassed', image, fetch };
    this.#options.onOver();
  }

  #end(closed?: unknown): void {
    if (!isActive(this.#state)) return;
    const { image, fetch } = this.#state;
    this.#state = { phase: 'ended', image, fetch, closed };
    this.#options.onOver();
  }
}

/** Returns whether the writer is dead, or gave up though nothing is wrong with the image. */
function isAbandoned({ state }: LiveImage): boolean {
  return state.progress === 'dead' || (state.progress === 'failed' && state.reason === droppedReason);
}
