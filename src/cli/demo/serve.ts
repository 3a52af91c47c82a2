import { ImageNotFoundError, type ImageReader, type XattrDriver } from '../../index.ts';
import { Comparison } from './comparison.ts';
import type { SourceFile } from './source-files.ts';

/** Two buffers of one length, which one reader at a time may use. */
export interface Buffers {
  readonly served: Buffer;
  readonly expected: Buffer;
}

export function createBuffers(size: number): Buffers {
  return { served: Buffer.allocUnsafe(size), expected: Buffer.allocUnsafe(size) };
}

/** A read that was answered from the cache. */
export interface Served {
  readonly bytes: number;
  /** Whether the cache says that the hit is counted. */
  readonly counted: boolean;
  readonly wrongBytes: number;
  readonly firstWrongAt: number | undefined;
}

/** Reads an image from the cache and compares it with its source; `undefined` if it is not cached. */
export async function serve(
  driver: XattrDriver,
  image: SourceFile,
  { served, expected }: Buffers,
): Promise<Served | undefined> {
  const reader = await driver.openForRead(image.imageId).catch(undefinedIfNotFound);
  if (reader === undefined) return undefined;

  try {
    using comparison = new Comparison(image, expected);
    for (;;) {
      const length = await reader.read(served, 0, served.length, comparison.position);
      if (length === 0) break;
      comparison.add(served.subarray(0, length));
    }
    const { counted } = await reader.close();
    return { bytes: comparison.position, counted, ...comparison.result() };
  } finally {
    await reader.abort();
  }
}

/** {@link serve} with the driver's `Sync` methods. */
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
    return { bytes: comparison.position, counted, ...comparison.result() };
  } finally {
    reader.abortSync();
  }
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
