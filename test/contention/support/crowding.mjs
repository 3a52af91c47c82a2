// crowding.mjs DIR: many calls concurrently, with few descriptors, and prints how many of each came out right.

import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { ImageCache, XattrDriver } from '../../../dist/index.js';

const [dir] = process.argv.slice(2);
const driver = await XattrDriver.open({ dir, lockTimeoutMs: 30_000 });
const cache = await ImageCache.open({ driver });
const bytes = Buffer.alloc(300_000, 7);

async function* slowly() {
  await sleep(5);
  yield bytes;
}

const calls = {
  put: async (i) => {
    await driver.writeImage(`${i}`, bytes);
    return bytes;
  },
  read: (i) => driver.readImage(`${i}`),
  stream: (i) => buffer(driver.createReadStream(`${i}`)),
  fetched: async (i) => buffer(await cache.getOrFetch(`fetched ${i}`, slowly)),
  teed: (i) => buffer(cache.cachingIterator(`teed ${i}`, slowly())),
};

const report = {};
for (const [name, call] of Object.entries(calls)) {
  const outcomes = await Promise.allSettled(Array.from({ length: 150 }, (_, i) => call(i)));
  for (const { reason } of outcomes) if (reason) console.error(name, reason);
  report[name] = outcomes.filter(({ value }) => value && bytes.equals(value)).length;
}
await cache.close();
await driver.close();
console.log(JSON.stringify(report));
