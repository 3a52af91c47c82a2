import {
  type Fetch,
  type FetchedFrom,
  type ImageCache,
  ImageNotFoundError,
  type ImageReader,
  type XattrDriver,
} from 'xattr-cache';
import { type Compared, Comparison } from './comparison.ts';
import type { SourceFile } from './source-files.ts';

/** Two buffers of equal length, for one reader at a time. */
export interface Buffers {
  readonly served: Buffer;
  readonly expected: Buffer;
}

/** Largest piece in which an image is served, in bytes. */
export const largestPiece: number = 1024 * 1024;

export function createBuffers(size: number = largestPiece): Buffers {
  return { served: Buffer.allocUnsafe(size), expected: Buffer.allocUnsafe(size) };
}

/** A completed read. */
export interface Served extends Compared {
  readonly source: FetchedFrom;
  /** True if the cache reported the hit as counted. */
  readonly counted: boolean;
}

/**
 * Reads an image from the cache and compares it with its source. Resolves to `undefined` if it is not cached.
 *
 * `pause` is called with the open image between one buffer full and the next.
 */
export async function serve(
  driver: XattrDriver,
  image: SourceFile,
  { served, expected }: Buffers,
  pause?: (reader: ImageReader) => Promise<void>,
): Promise<Served | undefined> {
  const reader = await driver.openForRead(image.imageId).catch(undefinedIfNotFound);
  if (reader === undefined) return undefined;

  try {
    using comparison = new Comparison(image, expected);
    for (;;) {
      const length = await reader.read(served, 0, served.length, comparison.position);
      if (length === 0) break;
      comparison.add(served.subarray(0, length));
      if (comparison.position < image.size) await pause?.(reader);
    }
    const { counted } = await reader.close();
    return { source: 'cache', counted, ...comparison.result() };
  } finally {
    await reader.abort();
  }
}

/** Does the same with the driver's `Sync` methods. */
export function serveSync(driver: XattrDriver, image: SourceFile, { served, expected }: Buffers): Served | undefined {
  const reader = openIfCachedSync(driver, image.imageId);
  if (reader === undefined) return undefined;

  try {
    using comparison = new Comparison(image, expected);
    for (;;) {
      const length = reader.readSync(served, 0, served.length, comparison.position);
      if (length === 0) break;
      comparison.add(served.subarray(0, length));
    }
    const { counted } = reader.closeSync();
    return { source: 'cache', counted, ...comparison.result() };
  } finally {
    reader.abortSync();
  }
}

/**
 * Reads an image with `getOrFetch`, and compares it with its source.
 *
 * `begun` is called after the first bytes.
 */
export async function serveFetched(
  cache: ImageCache,
  fetch: Fetch,
  image: SourceFile,
  { expected }: Buffers,
  begun?: () => Promise<void>,
): Promise<Served> {
  await using fetched = await cache.getOrFetch(image.imageId, fetch, { expectedSize: image.size });
  using comparison = new Comparison(image, expected);
  for await (const chunk of fetched) {
    if (comparison.position === 0) await begun?.();
    comparison.add(chunk);
  }
  const { counted } = await fetched.close();
  return { source: fetched.source, counted, ...comparison.result() };
}

function openIfCachedSync(driver: XattrDriver, imageId: string): ImageReader | undefined {
  try {
    return driver.openForReadSync(imageId);
  } catch (error) {
    return undefinedIfNotFound(error);
  }
}

function undefinedIfNotFound(error: unknown): undefined {
  if (error instanceof ImageNotFoundError) return undefined;
  throw error;
}
