import { setMaxListeners } from 'node:events';
import type { CacheDriver, ImageSource } from '../api/driver.ts';
import { tooLarge } from '../api/errors.ts';
import { isError } from '../base/error-facts.ts';
import { onAbort, untilAborted } from '../base/on-abort.ts';
import { pickOptions } from '../base/pick-options.ts';
import { assertCount, assertSignal, invalidType, outOfRange } from '../base/validate.ts';
import { type Fetch, fetchedChunks, fetchImage } from '../fetch/fetch.ts';
import type { Checksum } from '../streams/checksum.ts';
import { stopSource } from '../streams/source-chunks.ts';
import type { CacheImageOptions } from './image-cache-options.ts';

/**
 * The progress of one image.
 *
 * @since 0.1.0
 */
export interface PrefetchProgress {
  /** Id of the image. */
  readonly imageId: string;
  /** Bytes fetched so far. */
  readonly bytes: number;
  /** True once, when the image is cached. */
  readonly done: boolean;
}

/**
 * Options of {@link ImageCache.prefetch}.
 *
 * @since 0.1.0
 */
export interface PrefetchOptions {
  /** Number of images that are fetched concurrently. @defaultValue 4 */
  readonly concurrency?: number;
  /**
   * Returns the checksum of an image, or undefined if there is none. The checksum is compared with all bytes, and
   * recorded on the image. If the function throws, that image fails.
   */
  readonly checksum?: (imageId: string) => Checksum | undefined | Promise<Checksum | undefined>;
  /** An abort ends the prefetch with the signal's reason. Images that were not fetched stay queued. */
  readonly signal?: AbortSignal;
  /** Called for every chunk, and awaited. If it throws or rejects, the image fails with its error. */
  readonly onProgress?: (image: PrefetchProgress) => void | Promise<void>;
}

/**
 * The result of {@link ImageCache.prefetch}.
 *
 * @since 0.1.0
 */
export interface PrefetchResult {
  /** Ids of the images that are cached now. */
  readonly cached: readonly string[];
  /** Errors of the images that failed, by their ids. */
  readonly failed: ReadonlyMap<string, Error>;
}

/** The needed members of an {@link ImageCache}. */
interface PrefetchingCache {
  readonly driver: CacheDriver;
  readonly maxSize: number;
  cacheImage(imageId: string, source: ImageSource, options: CacheImageOptions): Promise<boolean>;
}

/** Fetches the queued images; see {@link ImageCache.prefetch}. */
export async function prefetchQueued(
  cache: PrefetchingCache,
  fetch: Fetch,
  options: PrefetchOptions,
): Promise<PrefetchResult> {
  const picked = pickOptions(options, ['concurrency', 'checksum', 'signal', 'onProgress']);
  const { concurrency = 4, checksum, signal, onProgress } = picked;
  assertPrefetchArguments(fetch, { ...picked, concurrency });
  signal?.throwIfAborted();
  const imageIds = await cache.driver.getQueuedImages();

  // All concurrent fetches listen to it, which may be more listeners than the caller's signal allows.
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const stopListening = onAbort(signal, stop, (stop, reason) => stop.abort(reason));
  const prefetch = { cache, fetch, checksum, signal: stop.signal, onProgress };

  const cached: string[] = [];
  const failed = new Map<string, Error>();
  const queue = imageIds.values();
  const run = async () => {
    for (const imageId of queue) {
      try {
        if (await prefetchOne(prefetch, imageId)) cached.push(imageId);
      } catch (error) {
        if (stop.signal.aborted) return;
        failed.set(imageId, isError(error) ? error : new Error(String(error)));
      }
    }
  };
  const runs = Promise.all(Array.from({ length: Math.min(concurrency, imageIds.length) }, run));
  await untilAborted(runs, signal).catch(() => runs); // An aborted run ends soon.
  stopListening();
  stop.signal.throwIfAborted();
  return { cached, failed };
}

interface Prefetch {
  readonly cache: PrefetchingCache;
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
  readonly checksum: PrefetchOptions['checksum'];
  readonly onProgress: PrefetchOptions['onProgress'];
}

/** Fetches one image. Resolves to false if another process is writing it; the image stays queued until the commit. */
async function prefetchOne(
  { cache, fetch, checksum: checksumOf, signal, onProgress }: Prefetch,
  imageId: string,
): Promise<boolean> {
  if (await cache.driver.isCached(imageId)) {
    await cache.driver.deleteQueuedImage(imageId);
    return true;
  }
  if (await cache.driver.isBeingCached(imageId)) return false;

  const checksum = await checksumOf?.(imageId);
  const fetched = await fetchImage(fetch, imageId, 0, signal);
  const { body, expectedSize } = fetched;
  let bytes = 0;
  let begun = false;
  const source = (async function* () {
    begun = true;
    for await (const chunk of fetchedChunks(fetched, imageId, signal)) {
      bytes += chunk.byteLength;
      // The source may have no end.
      if (bytes > cache.maxSize) throw tooLarge(imageId);
      yield chunk;
      await onProgress?.({ imageId, bytes, done: false });
    }
  })();
  try {
    if (expectedSize !== undefined && expectedSize > cache.maxSize) throw tooLarge(imageId);
    const options = {
      signal,
      ...(expectedSize !== undefined && { expectedSize }),
      ...(checksum !== undefined && { checksum }),
    };
    const done = await cache.cacheImage(imageId, source, options);
    if (done) await onProgress?.({ imageId, bytes, done });
    return done;
  } finally {
    if (!begun) stopSource(body);
  }
}

function assertPrefetchArguments(fetch: unknown, { concurrency, checksum, signal, onProgress }: PrefetchOptions): void {
  if (typeof fetch !== 'function') throw invalidType('fetch', 'of type function', fetch);
  assertCount(concurrency, 'options.concurrency');
  if (concurrency < 1) throw outOfRange('options.concurrency', '>= 1', concurrency);
  assertSignal(signal, 'options.signal');
  if (checksum !== undefined && typeof checksum !== 'function') {
    throw invalidType('options.checksum', 'of type function', checksum);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidType('options.onProgress', 'of type function', onProgress);
  }
}
