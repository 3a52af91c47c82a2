import type { ImageSource } from './driver.ts';
import { NoSpaceError } from './errors.ts';
import { type Fetch, fetchWhole } from './fetch.ts';
import type { ImageCache } from './image-cache.ts';
import { chunksOf } from './source-chunks.ts';
import { assertCount, assertSignal, invalidType, outOfRange } from './validate.ts';

export interface PrefetchProgress {
  readonly imageId: string;
  /** Fetched so far. */
  readonly bytes: number;
  /** True once, when the image is cached. */
  readonly done: boolean;
}

export interface PrefetchOptions {
  /** How many images are fetched at once. @defaultValue 4 */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Told of every chunk. */
  readonly onProgress?: (image: PrefetchProgress) => void;
}

export interface PrefetchResult {
  readonly cached: readonly string[];
  readonly failed: ReadonlyMap<string, Error>;
}

/** Fetches what is queued, see {@link ImageCache.prefetch}. */
export async function prefetchQueued(
  cache: ImageCache,
  fetch: Fetch,
  options: PrefetchOptions,
): Promise<PrefetchResult> {
  const { concurrency = 4, signal = new AbortController().signal } = options;
  assertPrefetchArguments(fetch, { ...options, concurrency });
  signal.throwIfAborted();
  const cached: string[] = [];
  const failed = new Map<string, Error>();
  const queue = (await cache.driver.getQueuedImages()).values();

  const run = async () => {
    for (const imageId of queue) {
      signal.throwIfAborted();
      try {
        if (await prefetchOne(cache, fetch, imageId, signal, options)) cached.push(imageId);
      } catch (error) {
        signal.throwIfAborted();
        failed.set(imageId, error instanceof Error ? error : new Error(String(error)));
      }
    }
  };
  const runs = await Promise.allSettled(Array.from({ length: concurrency }, run));
  const ended = runs.find((outcome) => outcome.status === 'rejected');
  if (ended) throw ended.reason;
  return { cached, failed };
}

/** False if somebody else is writing the image just now: it stays queued until he commits. */
async function prefetchOne(
  cache: ImageCache,
  fetch: Fetch,
  imageId: string,
  signal: AbortSignal,
  { onProgress }: PrefetchOptions,
): Promise<boolean> {
  if (await cache.driver.isCached(imageId)) {
    await cache.driver.deleteQueuedImage(imageId);
    return true;
  }
  if (await cache.driver.isBeingCached(imageId)) return false;

  const { body, expectedSize } = await fetchWhole(fetch, imageId, signal);
  let bytes = 0;
  const watched = async function* (source: ImageSource) {
    for await (const chunk of chunksOf(source, signal)) {
      bytes += chunk.byteLength;
      // It could not stay, and it may have no end.
      if (bytes > cache.maxSize)
        throw new NoSpaceError(`image ${JSON.stringify(imageId)} is larger than the cache`, { imageId });
      yield chunk;
      onProgress?.({ imageId, bytes, done: false });
    }
  };
  const options = expectedSize === undefined ? { signal } : { signal, expectedSize };
  const done = await cache.cacheImage(imageId, watched(body), options);
  if (done) onProgress?.({ imageId, bytes, done });
  return done;
}

function assertPrefetchArguments(fetch: unknown, { concurrency, signal, onProgress }: PrefetchOptions): void {
  if (typeof fetch !== 'function') throw invalidType('fetch', 'of type function', fetch);
  assertCount(concurrency, 'options.concurrency');
  if (concurrency < 1) throw outOfRange('options.concurrency', '>= 1', concurrency);
  assertSignal(signal, 'options.signal');
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidType('options.onProgress', 'of type function', onProgress);
  }
}
