import type { CachedImage, EvictedImage, InvalidImage } from '../api/driver.ts';
import { notBeyond } from '../api/recency.ts';
import { nextTurn } from '../base/timers.ts';
import { type Columns, type Handle, native } from '../native/native.ts';

/** Number of images that are converted to objects in one step, which takes about a millisecond. */
const batchSize = 1024;

/** Lists all images, sorted by the bytes of their ids, without holding up the event loop. */
export async function listCachedImages(directory: Handle): Promise<CachedImage[]> {
  const list = await native.listImagesAsync(directory);
  const images: CachedImage[] = [];
  while (images.length < list.count) {
    appendCachedImages(images, native.takeRowsSync(list.handle, images.length, batchSize));
    await nextTurn();
  }
  await native.releaseAsync(list.handle);
  return images;
}

/** Yields all images in batches, in no order, with memory for one batch. */
export async function* scanCachedImages(directory: Handle): AsyncGenerator<CachedImage[], void, void> {
  const scan = await native.openScanAsync(directory);
  try {
    while (true) {
      const columns = await native.scanNextAsync(scan, batchSize);
      if (columns.count === 0) return;
      const batch: CachedImage[] = [];
      appendCachedImages(batch, columns);
      yield batch;
    }
  } finally {
    native.releaseSync(scan);
  }
}

/** Lists the failed writes in `invalid/`, the newest first. */
export async function listInvalidImages(directory: Handle): Promise<InvalidImage[]> {
  const images = await native.listInvalidAsync(directory);
  const nowMs = Date.now();
  return images.map((image) => ({ ...image, lastModifiedMs: notBeyond(nowMs, image.lastModifiedMs) }));
}

function appendCachedImages(images: CachedImage[], columns: Columns): void {
  const nowMs = Date.now();
  for (let i = 0; i < columns.count; i++) {
    images.push({
      imageId: idAt(columns, i),
      size: columns.sizes[i] as number,
      allocatedSize: columns.allocatedSizes[i] as number,
      hits: columns.hits[i] as number,
      lastAccessedMs: columns.accessedMs[i] as number,
      lastModifiedMs: notBeyond(nowMs, columns.modifiedMs[i] as number),
    });
  }
}

export function appendEvictedImages(images: EvictedImage[], columns: Columns): void {
  for (let i = 0; i < columns.count; i++) {
    images.push({
      imageId: idAt(columns, i),
      size: columns.sizes[i] as number,
      hits: columns.hits[i] as number,
      lastAccessedMs: columns.recencyMs[i] as number,
    });
  }
}

/** The i-th id. */
export function idAt(columns: Columns, i: number): string {
  const start = i === 0 ? 0 : columns.idEnds[i - 1];
  return columns.ids.toString('utf8', start, columns.idEnds[i]);
}
