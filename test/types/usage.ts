// How users write against the package.  Compiled, never run.

import { subscribe } from 'node:diagnostics_channel';
import { pipeline } from 'node:stream/promises';

import {
  type CacheDriver,
  type CachedImage,
  CacheError,
  type CheckpointEvent,
  getXattr,
  ImageBusyError,
  ImageCache,
  ImageNotFoundError,
  imageIdFor,
  incXattr,
  incXattrSync,
  type RecoverEvent,
  SizeMismatchError,
  setXattr,
  XattrDriver,
  type XattrDriverOptions,
} from '../../dist/index.js';

export async function putAndGet(): Promise<Buffer | undefined> {
  await using driver = await XattrDriver.open({ dir: 'cache', stallTimeSeconds: 3_600 });
  const imageId = imageIdFor('https://images.example/debian-12.qcow2');
  await driver.writeImage(imageId, new Uint8Array(4_096), { expectedSize: 4_096, signal: AbortSignal.timeout(1_000) });
  return driver.readImage(imageId);
}

export async function fetchInto(driver: CacheDriver, imageId: string, response: Response): Promise<void> {
  if (!(await driver.isCacheable(imageId)) || response.body === null) return;
  await driver.writeImage(imageId, response.body);
}

export async function writeByHand(driver: CacheDriver, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  await using writer = await driver.openForWrite('image');
  for await (const chunk of chunks) await writer.write(chunk);
  await writer.commit();
  return writer.bytesWritten;
}

export async function copyRange(driver: XattrDriver): Promise<void> {
  await pipeline(driver.createReadStream('from', { start: 0, end: 1_023 }), driver.createWriteStream('to'));
}

export function readSync(driver: XattrDriver, buffer: Buffer): boolean {
  const reader = driver.openForReadSync('image');
  reader.readSync(buffer, 0, buffer.length, 0);
  return reader.closeSync().counted;
}

export async function coldest(driver: CacheDriver): Promise<CachedImage | undefined> {
  const images: CachedImage[] = [];
  for await (const batch of driver.cachedImages()) images.push(...batch);
  return images.sort((a, b) => a.lastAccessedMs - b.lastAccessedMs).at(0);
}

export async function evict(driver: CacheDriver): Promise<string[]> {
  const { images } = await driver.evictTo(10 * 2 ** 30, { dryRun: true });
  return images.map(({ imageId, hits }) => `${imageId}: ${hits}`);
}

export async function serve(cache: ImageCache, imageId: string, response: Response): Promise<number> {
  let bytes = 0;
  const checksum = { algorithm: 'md5', hex: 'd41d8cd98f00b204e9800998ecf8427e' };
  for await (const chunk of cache.cachingIterator(imageId, response.body ?? [], { checksum })) bytes += chunk.length;
  return bytes;
}

export async function prefetch(): Promise<readonly string[]> {
  await using cache = await ImageCache.open({ dir: 'cache', maxSize: 20e9, lowWatermark: 0.8 });
  await cache.queueImage('debian-12');
  const { cached, failed } = await cache.prefetch(
    (imageId, { signal }) => fetch(`http://images/${imageId}`, { signal }),
    {
      concurrency: 2,
      onProgress: ({ imageId, bytes, done }) => console.log(imageId, bytes, done),
    },
  );
  for (const [imageId, error] of failed) console.error(imageId, error.message);
  await cache.prune({ maxSize: 10e9, dryRun: true });
  return cached;
}

export async function survive(): Promise<string> {
  const recovered = await XattrDriver.recover({ dir: 'cache' }, { dryRun: true, force: true });
  if (recovered !== undefined) console.log(recovered.dropped.length, recovered.bytes, recovered.kept);
  const options = { durability: 'checkpoint', checkpointIntervalMs: 1_000 } as const;
  await using driver = await XattrDriver.open({ dir: 'cache', ...options });
  if (!driver.capabilities.checkpoint) return driver.capabilities.checkpointProblem ?? '';
  await using cache = await ImageCache.open({ driver });
  await cache.checkpoint();
  const { checkpoint } = await cache.stats();
  return checkpoint === undefined ? '' : `${checkpoint.doubtfulImages} since ${checkpoint.atMs ?? 'ever'}`;
}

export function listenToCheckpoints(): void {
  subscribe('xattr-cache:checkpoint', (event) => {
    const { durationMs, error } = event as CheckpointEvent;
    if (error !== undefined) console.error(durationMs, error);
  });
  subscribe('xattr-cache:recover', (event) => {
    const { since, doubtful, kept, dropped, bytes } = event as RecoverEvent;
    console.log(new Date(since), doubtful - kept - dropped, bytes);
  });
}

export function explain(error: unknown): string {
  if (error instanceof ImageNotFoundError) return `${error.imageId} is not cached`;
  if (error instanceof SizeMismatchError) return `${error.actual} bytes instead of ${error.expected}`;
  if (error instanceof ImageBusyError) return error.code;
  if (CacheError.is(error)) return `${error.code}: ${error.syscall ?? ''} ${error.path ?? ''}`;
  return String(error);
}

export async function attributes(path: string): Promise<number> {
  const value: Buffer | undefined = await getXattr(path, 'note');
  await setXattr(path, 'note', value ?? 'none');
  await setXattr(path, 'size', 4_096);
  return (await incXattr(path, 'hits')) + incXattrSync(path, 'hits', 2, { lockTimeoutMs: 100 });
}

export const withConsole: XattrDriverOptions = { dir: 'cache', logger: console };
