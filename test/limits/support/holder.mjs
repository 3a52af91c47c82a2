// holder.mjs DIR MAXSIZE SIZE N: reserves room for an image, and never writes it.
import { ImageCache } from '../../../dist/index.js';
import { whenSetOff } from '../../manager/support/processes.mjs';

const [dir, maxSize, size] = process.argv.slice(2);
const cache = await ImageCache.open({ dir, maxSize: Number(maxSize) });
let writer;

await whenSetOff(async () => {
  writer = await cache.driver.openForWrite('held', { expectedSize: Number(size) });
  setInterval(() => writer.bytesWritten, 1000);
  return 'held';
});
