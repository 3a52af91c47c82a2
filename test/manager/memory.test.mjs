// The memory for an image that goes through the cache is bounded, however large the image is.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runScript } from '../support/run-script.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';

const totalMiB = 200;
/** The limit for a few chunks, Node's own buffers and a late collection. Without the fix, it is the entire image. */
const mostMiB = 80;

const ways = {
  getOrFetch: 'for await (const _ of await cache.getOrFetch("image", source)) {}',
  'getOrFetch past the cache': 'for await (const _ of await small.getOrFetch("image", source)) {}',
  cachingIterator: 'for await (const _ of cache.cachingIterator("image", source())) {}',
  'cachingIterator with a signal': 'for await (const _ of cache.cachingIterator("image", source(), { signal })) {}',
  prefetch: 'await cache.queueImage("image"); await cache.prefetch(source, { signal });',
  cacheImage: 'await cache.cacheImage("image", source(), { signal });',
  writeImage: 'await cache.driver.writeImage("image", source(), { signal });',
  createWriteStream: 'await pipeline(source, cache.driver.createWriteStream("image", { signal }));',
};

const script = (way) => `
  import { pipeline } from 'node:stream/promises';
  const [dir] = args;
  const cache = await xattrCache.ImageCache.open({ dir });
  const small = await xattrCache.ImageCache.open({ dir, maxSize: 10 });
  const { signal } = new AbortController();
  const MiB = 2 ** 20;
  let most = 0;
  async function* source() {
    for (let i = 0; i < ${totalMiB} * 16; i++) {
      if (i % 160 === 0) {
        gc();
        await new Promise((resolve) => setImmediate(resolve));
        most = Math.max(most, process.memoryUsage().arrayBuffers);
      }
      yield new Uint8Array(MiB / 16).fill(i);
    }
  }
  ${way}
  console.log(Math.round(most / MiB));
  await Promise.all([cache.close(), small.close()]);
`;

for (const [name, way] of Object.entries(ways)) {
  test(`${name} – image of ${totalMiB} MiB – at most ${mostMiB} MiB in memory`, async (t) => {
    const dir = await temporaryDirectory(t);
    const output = await runScript(script(way), [dir], { execArgv: ['--expose-gc'], timeoutMs: 60_000 });
    t.diagnostic(`${name}: ${output.trim()} MiB`);
    assert.ok(Number(output) <= mostMiB, `${output.trim()} MiB`);
  });
}
