import type { ImageReader } from '../api/driver.ts';
import { CacheError, lacksDescriptors, NotOpenError } from '../api/errors.ts';
import { assertImageId } from '../api/image-id.ts';
import type { SharedDriver } from '../api/shared-driver.ts';
import { hasCode } from '../base/error-facts.ts';
import { untilAborted } from '../base/on-abort.ts';
import { pickOptions } from '../base/pick-options.ts';
import { setImmediate } from '../base/timers.ts';
import { assertCount, assertSignal, invalidType } from '../base/validate.ts';
import { type Checksum, ChecksumVerifier } from '../streams/checksum.ts';
import { CachedReader } from './cached-reader.ts';
import type { Fetch } from './fetch.ts';
import { FetchCycles } from './fetch-cycles.ts';
import { FetchedImage } from './fetched-image.ts';
import type { FetchSource } from './leader-fetch.ts';
import { SharedFetch, type SharedFetchOptions } from './shared-fetch.ts';
import { SharedReader } from './shared-reader.ts';
import { SourceReader } from './source-reader.ts';

/**
 * Options of {@link ImageCache.getOrFetch}.
 *
 * @since 0.1.0
 */
export interface FetchOptions {
  /**
   * Checksum, compared at the end with the bytes in the file. On a mismatch every reader fails, and nothing is cached.
   */
  readonly checksum?: Checksum;
  /** Size of the whole image in bytes. If the source has another size, the fetch fails. */
  readonly expectedSize?: number;
  /** Continue the fetch when every consumer has left. @defaultValue false */
  readonly finishFetch?: boolean;
  /** Aborts this call and its image. The fetch continues while other callers want the image. */
  readonly signal?: AbortSignal;
}

export interface SharedFetchesOptions {
  readonly driver: SharedDriver;
  /** Bytes; a larger image cannot stay in the cache. */
  readonly maxSize: number;
  /** Time without a byte from the writer after which a reader bypasses the cache. Milliseconds. */
  readonly stalledAfterMs: number | undefined;
  /** Waits for a running prune. @throws when a consumer must not wait any longer */
  readonly waitForSpace: () => Promise<void>;
  readonly onCommit: (size: number) => Promise<void>;
  readonly onCacheError: (imageId: string, error: unknown) => void;
}

/** The shared fetches of a cache, one for each image that is on its way. */
export class SharedFetches {
  readonly #options: SharedFetchesOptions;
  readonly #shared = new Map<string, Promise<SharedFetch>>();
  /** The running fetches of this process and their stops, including those that no reader may join any more. */
  readonly #leading = new Map<Promise<void>, () => void>();
  readonly #closing = new AbortController();
  readonly #cycles: FetchCycles;

  constructor(options: SharedFetchesOptions) {
    this.#options = options;
    this.#cycles = new FetchCycles(options.driver.dir);
  }

  /** See {@link ImageCache.getOrFetch}. */
  async getOrFetch(imageId: string, fetch: Fetch, options: FetchOptions): Promise<FetchedImage> {
    const picked = await assertFetchArguments(imageId, fetch, options);
    const { signal } = picked;
    signal?.throwIfAborted();
    let miss = true;
    for (;;) {
      const cached = await this.#openCached(imageId, miss);
      if (cached) return new FetchedImage(imageId, 'cache', new CachedReader(cached, signal));
      miss = false;
      this.#closing.signal.throwIfAborted();
      const fetched = await this.#share(imageId, fetch, picked);
      if (fetched) return fetched;
    }
  }

  /**
   * Joins or begins a shared fetch. Resolves to undefined if it ended before, so that the cache must be asked again.
   */
  async #share(imageId: string, fetch: Fetch, options: FetchOptions): Promise<FetchedImage | undefined> {
    const { signal, finishFetch = false } = options;
    const { stalledAfterMs } = this.#options;
    const onLeft = this.#cycles.wait(imageId);
    let left = true;
    try {
      const mine = !this.#shared.has(imageId);
      const shared = await untilAborted(this.#join(imageId, fetch, options), signal);
      const source = this.#sourceOf(fetch, options);
      if (!shared.image) {
        left = false;
        return new FetchedImage(imageId, 'uncached', new SourceReader(imageId, source, signal, onLeft));
      }
      if (!mine) await shared.poll();
      if (!shared.checkJoinable()) return undefined;
      const openSource = () => new SourceReader(imageId, source, signal);
      const reader = new SharedReader(shared, { finishFetch, signal, stalledAfterMs, onLeft, openSource });
      left = false;
      return new FetchedImage(imageId, mine && shared.isLeading ? 'fetch' : 'follow', reader);
    } finally {
      if (left) onLeft();
    }
  }

  /** Stops all fetches, and waits until they have ended. Their readers get a {@link NotOpenError}. */
  async close(): Promise<void> {
    this.#closing.abort(new NotOpenError('the cache was closed', {}));
    await Promise.allSettled([...this.#shared.values()].map(async (shared) => (await shared).close()));
    for (const stop of this.#leading.values()) stop();
    await Promise.allSettled(this.#leading.keys());
  }

  async #openCached(imageId: string, emitsMiss: boolean): Promise<ImageReader | undefined> {
    const { driver } = this.#options;
    if (!emitsMiss && !(await driver.isCached(imageId))) return undefined;
    try {
      return await driver.openForRead(imageId);
    } catch (error) {
      if (hasCode(error, 'ERR_IMAGE_NOT_FOUND')) return undefined;
      if (CacheError.is(error) && lacksDescriptors(error.cause)) return undefined; // Past the cache, if none gets free.
      throw error;
    }
  }

  /** Returns the shared fetch of an image; concurrent callers get the same one. */
  #join(imageId: string, fetch: Fetch, options: FetchOptions): Promise<SharedFetch> {
    const existing = this.#shared.get(imageId);
    if (existing) return existing;
    const forget = () => {
      if (this.#shared.get(imageId) === shared) this.#shared.delete(imageId);
    };
    const shared = this.#begin(imageId, fetch, options, forget);
    this.#shared.set(imageId, shared);
    shared.catch(forget);
    return shared;
  }

  async #begin(imageId: string, fetch: Fetch, options: FetchOptions, onOver: () => void): Promise<SharedFetch> {
    const { driver, waitForSpace, onCommit, onCacheError } = this.#options;
    const sharedOptions: SharedFetchOptions = {
      driver,
      imageId,
      source: this.#sourceOf(fetch, options),
      finishFetch: options.finishFetch ?? false,
      signal: this.#closing.signal,
      onCommit,
      onCacheError: (error) => onCacheError(imageId, error),
      onOver,
      onLead: (stop, ended) => {
        this.#leading.set(ended, stop);
        void ended.finally(() => this.#leading.delete(ended));
      },
    };
    const { signal } = this.#closing;
    try {
      await untilAborted(waitForSpace(), signal);
    } catch (error) {
      signal.throwIfAborted();
      onCacheError(imageId, error);
      return SharedFetch.uncached(sharedOptions);
    }
    const shared = await SharedFetch.begin(sharedOptions);
    if (signal.aborted) await shared.close();
    // All callers may have been aborted meanwhile; the others enter first.
    setImmediate(() => shared.checkWanted());
    return shared;
  }

  #sourceOf(fetch: Fetch, { checksum, expectedSize, signal }: FetchOptions): FetchSource {
    return { fetch, checksum, expectedSize, signal, maxSize: this.#options.maxSize, cycles: this.#cycles };
  }
}

async function assertFetchArguments(imageId: string, fetch: unknown, options: FetchOptions): Promise<FetchOptions> {
  assertImageId(imageId);
  if (typeof fetch !== 'function') throw invalidType('fetch', 'of type function', fetch);
  const picked = pickOptions(options, ['checksum', 'expectedSize', 'finishFetch', 'signal']);
  const { checksum, expectedSize, finishFetch, signal } = picked;
  if (expectedSize !== undefined) assertCount(expectedSize, 'options.expectedSize');
  if (finishFetch !== undefined && typeof finishFetch !== 'boolean') {
    throw invalidType('options.finishFetch', 'of type boolean', finishFetch);
  }
  assertSignal(signal, 'options.signal');
  if (checksum !== undefined) await ChecksumVerifier.of(checksum);
  return picked;
}
