// pruner.mjs DIR MAXSIZE N: prunes once, and reports when it did so and the images it removed.
import { ImageCache } from '../../../dist/index.js';
import { whenSetOff } from './processes.mjs';

const [dir, maxSize] = process.argv.slice(2);
const cache = await ImageCache.open({ dir, maxSize: Number(maxSize) });

await whenSetOff(async () => {
  const start = performance.timeOrigin + performance.now();
  const { filesPruned, bytesPruned, images } = await cache.prune();
  const end = performance.timeOrigin + performance.now();
  return { start, end, filesPruned, bytesPruned, imageIds: images.map(({ imageId }) => imageId) };
});
