// writing-service.mjs DIR MAXSIZE LANES VOLUME IMAGESIZE HOW N: a service that only writes, VOLUME bytes in total, with
// LANES concurrent calls.
import { ImageCache } from '../../../dist/index.js';
import { listenAlways } from './events.mjs';
import { whenSetOff } from './processes.mjs';

const [dir, maxSize, lanes, volume, imageSize, how, n] = process.argv.slice(2);
const cache = await ImageCache.open({ dir, maxSize: Number(maxSize) });
const bytes = Buffer.alloc(Number(imageSize), 7);
const totals = { images: 0, bytes: 0, evicted: 0, errors: 0 };
listenAlways('evict', () => {
  totals.evicted += 1;
});
listenAlways('error', () => {
  totals.errors += 1;
});

const put = {
  cacheImage: (imageId, source) => cache.cacheImage(imageId, source),
  cachingIterator: async (imageId, source) => {
    for await (const _ of cache.cachingIterator(imageId, source));
  },
};

await whenSetOff(async () => {
  const write = async () => {
    while (totals.bytes < Number(volume)) {
      totals.images += 1;
      const size = Math.ceil(bytes.length * (0.2 + 0.8 * Math.random()));
      totals.bytes += size;
      await put[how](`${n}-${totals.images}`, [bytes.subarray(0, size)]);
    }
  };
  await Promise.all(Array.from({ length: Number(lanes) }, write));
  await cache.close();
  return totals;
});
