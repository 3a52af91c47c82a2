// How users fetch, listen, and configure.  Compiled, never run.

import { subscribe } from 'node:diagnostics_channel';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import {
  type CacheDriver,
  type CacheEvents,
  type CacheImageOptions,
  type Checksum,
  type Fetch,
  type FetchedImage,
  type FetchOptions,
  ImageCache,
  type ImageCacheOptions,
  type ImageReader,
  type ImageSource,
  type PrefetchOptions,
  type PruneOptions,
  type RangeOptions,
  type VerifyResult,
  type WriteOptions,
  XattrDriver,
} from '../../dist/index.js';

declare const bytes: Uint8Array;

/** All that a source may return, immediately or later. */
export const sources: Record<string, Fetch> = {
  response: (imageId, { signal }) => fetch(`https://images.example/${imageId}`, { signal }),
  bytes: () => bytes,
  chunks: () => [bytes, Buffer.from('more')],
  stream: async () => new Blob([]).stream(),
  resumed: (_imageId, { offset }) => ({ offset, body: bytes.subarray(offset) }),
  generator: async function* () {
    yield bytes;
  },
};

export const generated: ImageSource = (async function* () {
  yield bytes;
})();

export async function read(cache: ImageCache, download: Fetch, options: FetchOptions): Promise<Buffer> {
  await using image: FetchedImage = await cache.getOrFetch('debian-12', download, options);
  const size: number | undefined = image.size;
  const range: Readable = image.createReadStream({ start: 0, ...(size !== undefined && { end: size - 1 }) });
  range.destroy();
  for await (const chunk of image) chunk.subarray(1);
  const { counted }: { readonly counted: boolean } = await image.close();
  return counted ? buffer(image) : Buffer.alloc(0);
}

export function whereFrom({ source }: FetchedImage): string {
  switch (source) {
    case 'cache':
    case 'fetch':
    case 'follow':
    case 'uncached':
      return source;
    default:
      return source satisfies never;
  }
}

export function damaged({ result, actual }: VerifyResult): string | undefined {
  return result === 'corrupt' ? actual : undefined;
}

export function listen(): void {
  subscribe('xattr-cache:evict', (event) => {
    const { imageId, hits, reason } = event as CacheEvents['evict'];
    const wanted: 'evict' | 'prune' | 'auto-prune' = reason;
    console.log(imageId, hits.toFixed(), wanted);
  });
}

const { signal } = new AbortController();

/** Every option of each, so that one which is renamed or becomes necessary is noticed. */
export const everyOption = {
  checksums: ['sha256-AAAA', { algorithm: 'md5', hex: 'd41d8cd98f00b204e9800998ecf8427e' }] satisfies Checksum[],
  cache: {
    dir: 'a',
    maxSize: 1,
    maxInvalidSize: 1,
    stallTimeSeconds: 1,
    durability: 'sync',
    autoPrune: true,
    lowWatermark: 1,
    stalledAfterMs: 1,
    logger: console,
  },
  driver: { driver: new XattrDriver({ dir: 'a', limits: { maxInvalidSize: 1 } }) },
  fetch: { checksum: 'sha256-AAAA', expectedSize: 1, finishFetch: true, signal },
  prefetch: {
    concurrency: 1,
    checksum: (imageId) => (imageId === 'a' ? 'sha256-AAAA' : undefined),
    signal,
    onProgress: ({ imageId, bytes, done }) => console.log(imageId, bytes, done),
  },
  prune: { maxSize: 1, dryRun: true, signal },
  range: { start: 0, end: 1, signal },
  write: { expectedSize: 1, signal },
  image: { expectedSize: 1, signal, checksum: 'sha256-AAAA', replace: true },
} satisfies {
  checksums: Checksum[];
  cache: Required<Omit<ImageCacheOptions, 'driver'>>;
  driver: ImageCacheOptions;
  fetch: Required<FetchOptions>;
  prefetch: Required<PrefetchOptions>;
  prune: Required<PruneOptions>;
  range: Required<RangeOptions>;
  write: Required<WriteOptions>;
  image: Required<CacheImageOptions>;
};

/** A manager takes any driver, and hands it back as what every driver is. */
export async function over(driver: CacheDriver): Promise<CacheDriver> {
  await using cache = await ImageCache.open({ driver });
  return cache.driver;
}

export async function mistakes(cache: ImageCache, image: FetchedImage, reader: ImageReader): Promise<void> {
  // @ts-expect-error a source has bytes, not text
  await cache.getOrFetch('a', () => 'text');
  // @ts-expect-error it has to say where it begins
  await cache.getOrFetch('a', () => ({ body: bytes }));
  // @ts-expect-error a source is needed
  await cache.getOrFetch('a');
  // @ts-expect-error a checksum says of which algorithm it is
  await cache.getOrFetch('a', () => bytes, { checksum: { hex: '00' } });
  // @ts-expect-error an option that is undefined is left out
  await cache.getOrFetch('a', () => bytes, { expectedSize: undefined });
  // @ts-expect-error where an image comes from is not written
  image.source = 'cache';
  // @ts-expect-error its size may not be known yet
  image.size.toFixed();
  // @ts-expect-error verifying tells three things apart
  (await cache.verify('a')).result === 'wrong';
  // @ts-expect-error letting go of a reader has to be awaited
  using _reader = reader;
  // @ts-expect-error there is no such channel
  type _Event = CacheEvents['vanished'];
  // @ts-expect-error a driver does all that a driver does
  await ImageCache.open({ driver: { configure: async () => {} } });
  // @ts-expect-error the manager's driver may be any; only XattrDriver has a directory
  cache.driver.dir;
}
