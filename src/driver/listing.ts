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

/**
 * Yields all images in batches, in no order, with memory for a few batches. Two threads scan a large cache while the
 * caller works on the batch before.
 */
export async function* scanCachedImages(directory: Handle): AsyncGenerator<CachedImage[], void, void> {
  const scans = [await native.openScanAsync(directory)];
  const coming = scans.map(nextOfScan);
  try {
    for (let next = coming.shift(); next; next = coming.shift()) {
      const columns = await next.columns;
      if (columns.count === batchSize) {
        coming.push(nextOfScan(next.scan));
        if (scans.length === 1) {
          const twin = native.twinOfScanSync(next.scan);
          scans.push(twin);
          coming.push(nextOfScan(twin));
        }
      }
      const batch: CachedImage[] = [];
      appendCachedImages(batch, columns);
      if (batch.length > 0) yield batch;
    }
  } finally {
    for (const scan of scans) native.releaseSync(scan);
  }
}

function nextOfScan(scan: Handle): { readonly scan: Handle; readonly columns: Promise<Columns> } {
  const columns = native.scanNextAsync(scan, batchSize);
  // It may fail while no caller waits for it: after the failure of the other scan, or when the caller has left.
  columns.catch(() => {});
  return { scan, columns };
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
