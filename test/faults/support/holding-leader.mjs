// A thread that fetches "a" to its middle, and waits there to be terminated.
import { parentPort, workerData } from 'node:worker_threads';

import { ImageCache } from '../../../dist/index.js';
import { source } from '../operations/fetching.mjs';

parentPort.on('message', () => {}); // Keeps the thread alive.
const cache = await ImageCache.open(workerData);
const image = await cache.getOrFetch('a', async (imageId, context) => {
  const { offset, body } = source(imageId, context);
  return { offset, body: untilTheMiddle(body) };
});

async function* untilTheMiddle([first]) {
  yield first;
  parentPort.postMessage('holding');
  await new Promise(() => {});
}

for await (const _chunk of image);
