// One signal for many calls, and a signal that outlives the calls it was given to.

import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { runScript } from '../support/run-script.mjs';
import { slowly } from '../support/slow-sources.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { within } from '../support/within.mjs';
import { openCache } from './support/caches.mjs';

const image = bytesOf(1000);
const times = 20; // Node warns of more than ten listeners.

const ways = {
  getOrFetch: async (cache, id, options) => buffer(await cache.getOrFetch(id, () => slowly([image]), options)),
  cachingIterator: (cache, id, options) => buffer(cache.cachingIterator(id, slowly([image]), options)),
  cacheImage: (cache, id, options) => cache.cacheImage(id, slowly([image]), options),
  createWriteStream: ({ driver }, id, options) =>
    pipeline(Readable.from([image]), driver.createWriteStream(id, options)),
  createReadStream: async ({ driver }, id, options) => {
    await driver.writeImage(id, image);
    return buffer(driver.createReadStream(id, options));
  },
};

for (const [name, way] of Object.entries(ways)) {
  test(`one signal – ${times} concurrent calls of ${name} – one listener, then none`, async (t) => {
    const cache = await openCache(t);
    const { signal } = new AbortController();
    const warnings = [];
    const note = (warning) => warnings.push(warning);
    process.on('warning', note);
    defer(t, () => process.off('warning', note));

    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, getEventListeners(signal, 'abort').length);
    });
    await Promise.all(Array.from({ length: times }, (_, i) => way(cache, `image ${i}`, { signal })));
    clearInterval(timer);
    await sleep(10); // A stream closes, and Node warns, a little later.
    assert.deepEqual(warnings, []);
    assert.ok(most <= 1, `${most} listeners`);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
}

test('a caller – source silent, memory collected – is woken by an abort', async (t) => {
  const source = `
    const cache = await xattrCache.ImageCache.open({ dir: args[0], maxSize: 1e6 });
    const past = await xattrCache.ImageCache.open({ dir: args[0] + '/past', maxSize: 1 });
    const abort = new AbortController();
    const { signal } = abort;
    async function* stuck(first = 0) { yield new Uint8Array(1 + first); await new Promise(() => {}); }
    const read = async (chunks) => { for await (const _ of await chunks); };
    const calls = {
      tee: read(cache.cachingIterator('tee', stuck(), { signal })),
      cacheImage: cache.cacheImage('cacheImage', stuck(), { signal }),
      fetch: read(cache.getOrFetch('fetch', () => stuck(), { signal })),
      past: read(past.getOrFetch('past', () => stuck(100), { signal })),
      stream: read((async () => (await past.getOrFetch('stream', () => stuck(100))).createReadStream({ signal }))()),
    };
    for (const [name, call] of Object.entries(calls)) call.catch(() => console.log(name));
    for (let i = 0; i < 20; i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    abort.abort();
    await new Promise((resolve) => setTimeout(resolve, 300));
    process.exit();
  `;
  const output = await runScript(source, [await temporaryDirectory(t)], { execArgv: ['--expose-gc'] });
  assert.deepEqual(output.trim().split('\n').sort(), ['cacheImage', 'fetch', 'past', 'stream', 'tee']);
});

test('a tee – dropped while its signal lives on – is collected and rolled back', async (t) => {
  const source = `
    const cache = await xattrCache.ImageCache.open({ dir: args[0] });
    const life = new AbortController();
    async function begin() {
      const tee = cache.cachingIterator('image', [new Uint8Array(10), new Uint8Array(10)].values(), { signal: life.signal });
      await tee.next();
    }
    await begin();
    console.log(await cache.driver.isBeingCached('image'));
    for (let i = 0; i < 100 && (await cache.driver.isBeingCached('image')); i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log(await cache.driver.isBeingCached('image'));
    life.abort();
  `;
  const output = await runScript(source, [await temporaryDirectory(t)], { execArgv: ['--expose-gc'] });
  assert.equal(output, 'true\nfalse\n');
});

test('a write stream – dropped, its signal lives on – is collected and rolled back', async (t) => {
  const source = `
    const cache = await xattrCache.ImageCache.open({ dir: args[0] });
    const life = new AbortController();
    async function begin() {
      const stream = cache.driver.createWriteStream('image', { signal: life.signal });
      await new Promise((resolve) => stream.write(new Uint8Array(10), resolve));
    }
    await begin();
    console.log(await cache.driver.isBeingCached('image'));
    for (let i = 0; i < 100 && (await cache.driver.isBeingCached('image')); i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log(await cache.driver.isBeingCached('image'));
    life.abort();
  `;
  const output = await runScript(source, [await temporaryDirectory(t)], { execArgv: ['--expose-gc'] });
  assert.equal(output, 'true\nfalse\n');
});

test('a stream – aborted – fails with an AbortError whose cause is the reason', async (t) => {
  const { driver } = await openCache(t);
  await driver.writeImage('read', bytesOf(1_000_000));
  for (const open of [(o) => driver.createReadStream('read', o), (o) => driver.createWriteStream('written', o)]) {
    const abort = new AbortController();
    const reason = new Error('enough');
    const stream = open({ signal: abort.signal });
    if (stream instanceof Readable) await once(stream, 'readable');
    else await promisify(stream.write).call(stream, image);
    const failed = new Promise((resolve) => stream.on('error', resolve));
    abort.abort(reason);
    const error = await within(5_000, failed, 'the error');
    assert.deepEqual([error.name, error.code, error.cause], ['AbortError', 'ABORT_ERR', reason]);
  }
});
