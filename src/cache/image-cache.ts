import { types } from 'node:util';
import type {
  CacheDriver,
  CleanResult,
  EvictedImage,
  EvictOptions,
  ImageSource,
  ImageWriter,
  WriteOptions,
} from '../api/driver.ts';
import { NotOpenError, tooLarge } from '../api/errors.ts';
import { type ErrorEvent, publish } from '../api/events.ts';
import { assertImageId } from '../api/image-id.ts';
import { isSharedDriver, type SharedDriver } from '../api/shared-driver.ts';
import type { VerifyOptions, VerifyResult } from '../api/verify.ts';
import { pickOptions } from '../base/pick-options.ts';
import { assertCount, assertNonNegative, assertSignal, invalidType, invalidValue } from '../base/validate.ts';
import { isXattrDriver, XattrDriver } from '../driver/xattr-driver.ts';
import type { Fetch } from '../fetch/fetch.ts';
import type { FetchedImage } from '../fetch/fetched-image.ts';
import { type FetchOptions, SharedFetches } from '../fetch/shared-fetches.ts';
import { ChecksumVerifier } from '../streams/checksum.ts';
import { claimIfFree, claimUncached } from '../streams/claim-uncached.ts';
import { LockedSource } from '../streams/locked-source.ts';
import { putChunks } from '../streams/put-chunks.ts';
import { assertSource, isBuffered } from '../streams/source-chunks.ts';
import { AutoPrune } from './auto-prune.ts';
import { CachingIterator, type Tee } from './caching-iterator.ts';
import { evictFor } from './evict-for.ts';
import {
  assertCacheImageOptions,
  assertCacheOptions,
  type CacheImageOptions,
  type ImageCacheOptions,
  type ResolvedCacheOptions,
} from './image-cache-options.ts';
import { type PrefetchOptions, type PrefetchResult, prefetchQueued } from './prefetch.ts';
import { type CacheStats, measureCache } from './stats.ts';

/** Time for which a consumer waits for a prune, before its image passes through uncached. Milliseconds. */
const pruneWaitTimeoutMs = 1_000;

/**
 * Options of {@link ImageCache.prune}.
 *
 * @since 0.1.0
 */
export interface PruneOptions extends EvictOptions {
  /** Size to evict down to, in bytes. @defaultValue the limit of the cache */
  readonly maxSize?: number;
}

/**
 * The images that {@link ImageCache.prune} removed, or with `dryRun` would remove.
 *
 * @since 0.1.0
 */
export interface PruneResult {
  /** Number of images. */
  readonly filesPruned: number;
  /** Sum of their sizes, in bytes. */
  readonly bytesPruned: number;
  /** The images, the least recently accessed first. */
  readonly images: readonly EvictedImage[];
}

/**
 * A cache that keeps its own limit, over any {@link CacheDriver}. It corresponds to Glance's `image_cache.ImageCache`,
 * which needs a cron job for that.
 *
 * @since 0.1.0
 *
 * @example
 * await using cache = await ImageCache.open({ dir: '/var/cache/images', maxSize: 20e9 });
 * for await (const chunk of cache.cachingIterator(imageId, body)) socket.write(chunk);
 */
export class ImageCache {
  /** The driver of the options, or the one made for `dir`. */
  readonly driver: CacheDriver;
  /** Limit of the cache, in bytes. */
  readonly maxSize: number;
  readonly #options: ResolvedCacheOptions;
  readonly #dir: string;
  readonly #autoPrune?: AutoPrune;
  #fetches: SharedFetches | undefined;
  #open = true;

  /**
   * Opens a cache: configures the driver, or makes one for the directory.
   *
   * @throws {@link BadDriverConfiguration} if the directory cannot be used
   */
  static async open(options: ImageCacheOptions): Promise<ImageCache> {
    const resolved = assertCacheOptions(options);
    const driver = resolved.driver ?? driverOf(resolved);
    await driver.configure();
    return new ImageCache(driver, resolved);
  }

  private constructor(driver: CacheDriver, options: ResolvedCacheOptions) {
    const { maxSize, lowWatermark, autoPrune, logger } = options;
    this.driver = driver;
    this.maxSize = maxSize;
    this.#options = options;
    this.#dir = isXattrDriver(driver) ? driver.dir : '';
    if (!autoPrune) return;
    const target = Math.floor(maxSize * lowWatermark);
    this.#autoPrune = new AutoPrune({ driver, dir: this.#dir, maxSize, target, logger });
  }

  /**
   * Evicts the least recently accessed images down to the limit, by one walk. If the cache is at or below the limit,
   * removes nothing. Concurrent prunes together evict no more than one would.
   *
   * @throws {@link LockTimeoutError} if another eviction ran for over a minute
   */
  async prune(options: PruneOptions = {}): Promise<PruneResult> {
    const { maxSize = this.maxSize, ...evictOptions } = pickOptions(options, ['maxSize', 'dryRun', 'signal']);
    assertCount(maxSize, 'options.maxSize');
    this.#assertOpen();
    const { filesEvicted, bytesEvicted, images } = await evictFor('prune', this.driver, maxSize, evictOptions);
    return { filesPruned: filesEvicted, bytesPruned: bytesEvicted, images };
  }

  /**
   * Reaps the leftovers of failed, dead and stalled writers.
   *
   * @param stallTimeSeconds - age of a stalled write, in seconds; by default that of the options
   */
  async clean(stallTimeSeconds: number | undefined = this.#options.stallTimeSeconds): Promise<CleanResult> {
    if (stallTimeSeconds !== undefined) assertNonNegative(stallTimeSeconds, 'stallTimeSeconds');
    this.#assertOpen();
    return this.driver.clean(stallTimeSeconds);
  }

  /**
   * Queues an image for the next {@link prefetch}. Resolves to false if it is already cached, being cached or queued.
   */
  async queueImage(imageId: string): Promise<boolean> {
    this.#assertOpen();
    return this.driver.queueImage(imageId);
  }

  /**
   * Fetches the queued images. An image that fails stays queued and does not stop the others. An image that another
   * process is writing is left to that process. An image larger than the cache fails, since it could not stay.
   *
   * @throws the reason of the signal
   */
  async prefetch(fetch: Fetch, options: PrefetchOptions = {}): Promise<PrefetchResult> {
    this.#assertOpen();
    return prefetchQueued(this, fetch, options);
  }

  /**
   * Caches a whole source. Resolves to false if the image is not cacheable now, or is larger than `maxSize`. If that is
   * known before the first byte (`expectedSize`, or bytes in memory), the source stays untouched. Otherwise the source
   * is cancelled where it grows past the limit.
   *
   * @throws the error of the source
   * @throws {@link ChecksumMismatchError} {@link SizeMismatchError} {@link NoSpaceError}
   */
  async cacheImage(imageId: string, source: ImageSource, options: CacheImageOptions = {}): Promise<boolean> {
    assertSource(source);
    const locked = new LockedSource(source);
    let signal: AbortSignal | undefined;
    try {
      const begun = await this.#begin(imageId, options);
      const { verifier, write } = begun;
      signal = write.signal;
      if ((knownSize(source, write) ?? 0) > this.maxSize) return false;
      if (!(await this.#mayWrite(imageId, begun))) return false;
      await this.#autoPrune?.waitForSpace(signal);
      const writer = await this.#claim(imageId, begun);
      if (!writer) return false;
      const chunks = verifier?.verified(locked.chunks, imageId, signal) ?? locked.chunks;
      const { maxSize } = this;
      if (!(await putChunks(writer, chunks, { ...write, maxSize, digest: () => verifier?.digest }))) return false;
      await this.#autoPrune?.committed(writer.bytesWritten);
    } finally {
      locked.release();
    }
    // The image is cached, even if the wait is aborted.
    await this.#autoPrune?.waitForSpace(signal).catch(() => {});
    return true;
  }

  /**
   * Returns a caching iterator (a tee), which caches a source while it passes the chunks on to a consumer. The consumer
   * gets every chunk even if the cache fails; the errors of the cache are events (`xattr-cache:error`). Errors of the
   * source, a wrong length and a wrong checksum reach the consumer. A consumer that stops early gives up the write. An
   * image that is not cacheable now, or is larger than `maxSize`, passes through uncached.
   */
  cachingIterator(
    imageId: string,
    source: ImageSource,
    options: CacheImageOptions = {},
  ): AsyncIterableIterator<Uint8Array> {
    const open = async (): Promise<Tee> => {
      assertSource(source);
      const begun = await this.#begin(imageId, options);
      return {
        imageId,
        verifier: begun.verifier,
        writer: await this.#claimOrReport(imageId, source, begun),
        expectedSize: begun.write.expectedSize,
        maxSize: this.maxSize,
        onCommit: async (size) => this.#autoPrune?.committed(size),
        onCacheError: (operation, error) => this.#report(imageId, operation, error),
      };
    };
    return new CachingIterator(source, options?.signal, open);
  }

  /**
   * Opens an image from the cache, or fetches it once for all callers, here and in other processes. One caller fetches;
   * the others read the same bytes as they arrive. If the fetching process dies, another takes over. Needs an
   * {@link XattrDriver}.
   *
   * @throws the error of the source; if it occurred in another process, a {@link FetchFailedError} with `remote`
   * @throws {@link ChecksumMismatchError} {@link SizeMismatchError} at the end
   * @throws TypeError over another driver
   *
   * @example
   * const image = await cache.getOrFetch('debian-12', (imageId, { signal }) =>
   *   fetch(`https://images.example/${imageId}`, { signal, headers: { 'accept-encoding': 'identity' } }),
   * );
   * await pipeline(image.createReadStream(), createWriteStream('debian-12.img'));
   */
  async getOrFetch(imageId: string, fetch: Fetch, options: FetchOptions = {}): Promise<FetchedImage> {
    this.#assertOpen();
    this.#fetches ??= new SharedFetches({
      driver: this.#sharedDriver,
      maxSize: this.maxSize,
      stalledAfterMs: this.#options.stalledAfterMs,
      waitForSpace: async () => this.#autoPrune?.waitForSpace(AbortSignal.timeout(pruneWaitTimeoutMs)),
      onCommit: async (size) => this.#autoPrune?.committed(size),
      onCacheError: (id, error) => this.#report(id, 'write', error),
    });
    return this.#fetches.getOrFetch(imageId, fetch, options);
  }

  /**
   * Compares a cached image with the length and digest that were recorded when it was cached with a checksum. A corrupt
   * image moves to `invalid/`. Counts no hit. Needs an {@link XattrDriver}.
   *
   * @throws {@link ImageNotFoundError} if the image is not cached
   * @throws the reason of the signal
   * @throws {@link LockTimeoutError} if a corrupt image stayed locked
   * @throws TypeError over another driver
   */
  async verify(imageId: string, options: VerifyOptions = {}): Promise<VerifyResult> {
    assertImageId(imageId);
    const picked = pickOptions(options, ['signal', 'onProgress']);
    const { signal, onProgress } = picked;
    assertSignal(signal, 'options.signal');
    if (onProgress !== undefined && typeof onProgress !== 'function') {
      throw invalidType('options.onProgress', 'of type function', onProgress);
    }
    this.#assertOpen();
    return this.#sharedDriver.verifyImage(imageId, picked);
  }

  /**
   * Resolves when everything published before the call is on disk; immediately over a driver without checkpoints.
   *
   * @throws {@link CacheError} with `ERR_IO` if writes to the disk have failed: images that may be damaged were dropped
   */
  async checkpoint(): Promise<void> {
    this.#assertOpen();
    if (isXattrDriver(this.driver)) await this.driver.checkpoint();
  }

  /** Measures the cache by a walk over the images, and over an {@link XattrDriver} by a second one. */
  async stats(): Promise<CacheStats> {
    this.#assertOpen();
    const mark = this.#autoPrune?.mark();
    const stats = await measureCache(this.driver, this.#dir, this.maxSize);
    if (mark) this.#autoPrune?.walked(stats.size, mark);
    if (!isXattrDriver(this.driver)) return stats;
    return { ...stats, checkpoint: await this.driver.getCheckpointState() };
  }

  /**
   * Closes the cache. Stops its shared fetches: their readers get a {@link NotOpenError}, and other processes take
   * over. Waits some seconds for a running prune, and closes the driver if this cache made it.
   */
  async close(): Promise<void> {
    this.#open = false;
    await this.#fetches?.close();
    await this.#autoPrune?.close();
    if (this.#options.driver === undefined) await this.driver.close();
  }

  /** Closes the cache, at the end of `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Checks the arguments of a write before it touches anything. */
  async #begin(imageId: string, options: CacheImageOptions): Promise<BegunWrite> {
    assertImageId(imageId);
    const { checksum, ...checked } = assertCacheImageOptions(options);
    this.#assertOpen();
    return { ...checked, verifier: checksum === undefined ? undefined : await ChecksumVerifier.of(checksum) };
  }

  async #mayWrite(imageId: string, { replace }: BegunWrite): Promise<boolean> {
    return replace || (await this.driver.isCacheable(imageId));
  }

  /** Claims an image. Resolves to undefined if it cannot be written now. */
  async #claim(imageId: string, { replace, write }: BegunWrite): Promise<ImageWriter | undefined> {
    const claim = replace ? claimIfFree : claimUncached;
    return claim(this.driver, imageId, write);
  }

  /** Claims an image for a tee. An error is only reported, since the consumer still wants the image. */
  async #claimOrReport(imageId: string, source: ImageSource, begun: BegunWrite): Promise<ImageWriter | undefined> {
    const { write } = begun;
    try {
      if (!(await this.#mayWrite(imageId, begun))) return undefined;
      if ((knownSize(source, write) ?? 0) > this.maxSize) throw tooLarge(imageId);
      await this.#autoPrune?.waitForSpace(AbortSignal.timeout(pruneWaitTimeoutMs), write.signal);
      return await this.#claim(imageId, begun);
    } catch (error) {
      if (!write.signal?.aborted) this.#report(imageId, 'open', error);
      return undefined;
    }
  }

  #report(imageId: string, operation: ErrorEvent['operation'], error: unknown): void {
    this.#options.logger?.warn({ imageId, operation, err: error }, 'the cache failed; the image is passed on');
    publish('error', () => ({ dir: this.#dir, imageId, operation, error }));
  }

  get #sharedDriver(): SharedDriver {
    if (isSharedDriver(this.driver)) return this.driver;
    if (!isXattrDriver(this.driver)) {
      throw invalidValue('options.driver', 'must be an XattrDriver for this', this.driver);
    }
    const reason = 'must be of the same copy of xattr-cache as the ImageCache for this: the package is installed twice';
    throw invalidValue('options.driver', reason, this.driver);
  }

  #assertOpen(): void {
    if (!this.#open) throw new NotOpenError('the cache was closed');
  }
}

/** A write whose arguments were checked. */
interface BegunWrite {
  readonly write: WriteOptions;
  readonly verifier: ChecksumVerifier | undefined;
  readonly replace: boolean;
}

/** Returns the size in bytes if it is known before the first read. A larger source is at fault. */
function knownSize(source: ImageSource, { expectedSize }: WriteOptions): number | undefined {
  if (expectedSize !== undefined) return expectedSize;
  if (!isBuffered(source)) return undefined;
  const chunks = types.isUint8Array(source) ? [source] : source;
  // A chunk that is not bytes is refused when it is read.
  return chunks.reduce((sum, chunk) => sum + (types.isUint8Array(chunk) ? chunk.byteLength : 0), 0);
}

function driverOf({
  dir = '',
  maxInvalidSize,
  stallTimeSeconds,
  durability,
  logger,
}: ResolvedCacheOptions): SharedDriver {
  return new XattrDriver({
    dir,
    limits: { maxInvalidSize },
    ...(stallTimeSeconds !== undefined && { stallTimeSeconds }),
    ...(durability !== undefined && { durability }),
    ...(logger && { logger }),
  });
}
