import { AutoPrune } from './auto-prune.ts';
import { tee } from './caching-iterator.ts';
import { type Checksum, ChecksumVerifier } from './checksum.ts';
import type {
  CacheDriver,
  CleanResult,
  EvictedImage,
  EvictOptions,
  ImageSource,
  ImageWriter,
  WriteOptions,
} from './driver.ts';
import { CacheError, ImageBusyError, InvalidImageIdError, NotOpenError } from './errors.ts';
import { publish } from './events.ts';
import { type EvictOptionsWithReason, evictionReason } from './eviction.ts';
import type { Fetch } from './fetch.ts';
import { assertCacheOptions, type ImageCacheOptions, type ResolvedCacheOptions } from './image-cache-options.ts';
import { XattrImageWriter } from './image-writer.ts';
import { type PrefetchOptions, type PrefetchResult, prefetchQueued } from './prefetch.ts';
import { assertSource, chunksOf } from './source-chunks.ts';
import { type CacheStats, measureCache } from './stats.ts';
import { assertCount, assertNonNegative, assertOptions } from './validate.ts';
import { assertWriteOptions, putChunks } from './write-image.ts';
import { XattrDriver } from './xattr-driver.ts';

export interface CacheImageOptions extends WriteOptions {
  /** Compared at the end; a mismatch rolls the write back. */
  readonly checksum?: Checksum;
}

export interface PruneOptions extends EvictOptions {
  /** Bytes. @defaultValue the cache's own limit */
  readonly maxSize?: number;
}

export interface PruneResult {
  readonly filesPruned: number;
  readonly bytesPruned: number;
  readonly images: readonly EvictedImage[];
}

/**
 * A cache that looks after itself, over any {@link CacheDriver}: Glance's `image_cache.ImageCache`, with a limit that is
 * kept without a cron job.
 *
 * @example
 * await using cache = await ImageCache.open({ dir: '/var/cache/images', maxSize: 20e9 });
 * for await (const chunk of cache.cachingIterator(imageId, response.body)) socket.write(chunk);
 */
export class ImageCache {
  readonly driver: CacheDriver;
  /** Bytes. */
  readonly maxSize: number;
  readonly #options: ResolvedCacheOptions;
  readonly #dir: string;
  readonly #autoPrune: AutoPrune | undefined;
  #open = true;

  /** @throws {@link BadDriverConfiguration} */
  static async open(options: ImageCacheOptions): Promise<ImageCache> {
    const resolved = assertCacheOptions(options);
    const { driver, dir, stallTimeSeconds, logger } = resolved;
    const own = driver ?? new XattrDriver({ dir, stallTimeSeconds, ...(logger && { logger }) });
    await own.configure();
    return new ImageCache(own, resolved);
  }

  private constructor(driver: CacheDriver, options: ResolvedCacheOptions) {
    const { maxSize, lowWatermark, autoPrune, logger } = options;
    this.driver = driver;
    this.maxSize = maxSize;
    this.#options = options;
    this.#dir = driver instanceof XattrDriver ? driver.dir : '';
    const target = Math.floor(maxSize * lowWatermark);
    this.#autoPrune = autoPrune ? new AutoPrune({ driver, dir: this.#dir, maxSize, target, logger }) : undefined;
  }

  /**
   * Evicts the least recently accessed images down to the limit; nothing if the cache is at or below it. One walk; two at
   * once together free what one would.
   */
  async prune({ maxSize = this.maxSize, ...options }: PruneOptions = {}): Promise<PruneResult> {
    assertCount(maxSize, 'options.maxSize');
    this.#assertOpen();
    const withReason: EvictOptionsWithReason = { ...options, [evictionReason]: 'prune' };
    const { filesEvicted, bytesEvicted, images } = await this.driver.evictTo(maxSize, withReason);
    return { filesPruned: filesEvicted, bytesPruned: bytesEvicted, images };
  }

  /** Reaps what failed and stalled writes left behind. @defaultValue the configured stall time, in seconds */
  async clean(stallTimeSeconds: number = this.#options.stallTimeSeconds): Promise<CleanResult> {
    assertNonNegative(stallTimeSeconds, 'stallTimeSeconds');
    this.#assertOpen();
    return this.driver.clean(stallTimeSeconds);
  }

  /** Asks for an image to be fetched by the next {@link prefetch}. False if it is cached, being cached or queued. */
  async queueImage(imageId: string): Promise<boolean> {
    this.#assertOpen();
    return this.driver.queueImage(imageId);
  }

  /**
   * Fetches what is queued. One that fails stays queued and does not stop the others; one that somebody else is writing
   * is left to him. An image larger than the cache fails, since it could not stay.
   *
   * @throws the signal's reason
   */
  async prefetch(fetch: Fetch, options: PrefetchOptions = {}): Promise<PrefetchResult> {
    assertOptions(options, 'options');
    this.#assertOpen();
    return prefetchQueued(this, fetch, options);
  }

  /**
   * Caches a whole source. Resolves to false, and leaves the source untouched, if the image is not cacheable now.
   *
   * @throws what the source throws
   * @throws {@link ChecksumMismatchError} {@link SizeMismatchError} {@link NoSpaceError}
   */
  async cacheImage(imageId: string, source: ImageSource, options: CacheImageOptions = {}): Promise<boolean> {
    assertSource(source);
    const verifier = await this.#verifierOf(options);
    if (!(await this.driver.isCacheable(imageId))) return false;
    await this.#autoPrune?.room();
    const writer = await this.#claim(imageId, options);
    if (!writer) return false;
    await putChunks(writer, verifier ? verified(source, verifier, imageId, options) : source, options);
    this.#autoPrune?.committed(writer.bytesWritten);
    await this.#autoPrune?.room();
    return true;
  }

  /**
   * A tee. The consumer gets every chunk of the source whatever happens to the cache, whose errors are events
   * (`xattr-cache:error`); the source's errors, a wrong length and a wrong checksum reach him. A consumer that stops early
   * rolls the write back. An image that is not cacheable now passes through.
   */
  async *cachingIterator(
    imageId: string,
    source: ImageSource,
    options: CacheImageOptions = {},
  ): AsyncGenerator<Uint8Array, void, void> {
    assertSource(source);
    const verifier = await this.#verifierOf(options);
    const writer = await this.#claimOrReport(imageId, options);
    const onCommit = (size: number) => this.#autoPrune?.committed(size);
    const onCacheError = (operation: string, error: unknown) => this.#report(imageId, operation, error);
    yield* tee(source, { imageId, writer, verifier, options, onCommit, onCacheError });
  }

  /** What there is, by one walk over the images. */
  async stats(): Promise<CacheStats> {
    this.#assertOpen();
    const stats = await measureCache(this.driver, this.#dir, this.maxSize);
    this.#autoPrune?.walked(stats.size);
    return stats;
  }

  /** Waits for a prune that is under way, and closes the driver if this cache made it. */
  async close(): Promise<void> {
    this.#open = false;
    await this.#autoPrune?.room();
    if (this.#options.driver === undefined) await this.driver.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Undefined if somebody else is writing the image, or has been faster: it is looked at once more with the claim in hand,
   * since a commit over an image that others read meanwhile would lose their hits.
   */
  async #claim(imageId: string, { expectedSize, signal }: WriteOptions): Promise<ImageWriter | undefined> {
    let writer: ImageWriter;
    try {
      writer = await this.driver.openForWrite(imageId, withoutUndefined({ expectedSize, signal }));
    } catch (error) {
      if (error instanceof ImageBusyError) return undefined;
      throw error;
    }
    if (!(await this.driver.isCached(imageId))) return writer;
    await (writer instanceof XattrImageWriter
      ? writer.discard()
      : writer.rollback('cached by somebody else meanwhile'));
    return undefined;
  }

  /** For the tee: an image that cannot be cached, for whatever reason, is still wanted. */
  async #claimOrReport(imageId: string, options: WriteOptions): Promise<ImageWriter | undefined> {
    try {
      if (!(await this.driver.isCacheable(imageId))) return undefined;
      await this.#autoPrune?.room();
      return await this.#claim(imageId, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!CacheError.is(error) || error instanceof InvalidImageIdError || error instanceof NotOpenError) throw error;
      this.#report(imageId, 'open', error);
      return undefined;
    }
  }

  async #verifierOf(options: CacheImageOptions): Promise<ChecksumVerifier | undefined> {
    assertWriteOptions(options);
    this.#assertOpen();
    return options.checksum === undefined ? undefined : ChecksumVerifier.of(options.checksum);
  }

  #report(imageId: string, operation: string, error: unknown): void {
    this.#options.logger?.warn({ imageId, operation, err: error }, 'the cache failed; the image is passed on');
    publish('error', () => ({ dir: this.#dir, imageId, operation, error }));
  }

  #assertOpen(): void {
    if (!this.#open) throw new NotOpenError('the cache was closed');
  }
}

/** The chunks of a source whose checksum, at its end, is part of it. */
async function* verified(
  source: ImageSource,
  verifier: ChecksumVerifier,
  imageId: string,
  { signal }: WriteOptions,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunksOf(source, signal)) {
    verifier.update(chunk);
    yield chunk;
  }
  verifier.verify(imageId);
}

/** With `exactOptionalPropertyTypes`, what is not given must not be there. */
function withoutUndefined({
  expectedSize,
  signal,
}: { [Key in keyof WriteOptions]?: WriteOptions[Key] | undefined }): WriteOptions {
  return { ...(expectedSize !== undefined && { expectedSize }), ...(signal && { signal }) };
}
