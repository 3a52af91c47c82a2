// Sources that are not the whole image, through every method that takes a source.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { collect, openCache } from './support/caches.mjs';
import { serve } from './support/http-server.mjs';

const image = Buffer.alloc(150, 'x');
const chunked = () => Readable.from([image.subarray(0, 100), image.subarray(100)]);

const ways = {
  getOrFetch: (cache, source) => cache.getOrFetch('a', () => source).then(buffer),
  'getOrFetch with an offset': (cache, source) =>
    cache.getOrFetch('a', () => ({ offset: 0, body: source })).then(buffer),
  cacheImage: (cache, source) => cache.cacheImage('a', source),
  writeImage: (cache, source) => cache.driver.writeImage('a', source),
  cachingIterator: async (cache, source) => {
    const { error } = await collect(cache.cachingIterator('a', source));
    if (error) throw error;
  },
  prefetch: async (cache, source) => {
    await cache.queueImage('a');
    const { failed } = await cache.prefetch(() => source);
    for (const error of failed.values()) throw error;
  },
};

const used = {
  'read to its end': async () => {
    const stream = chunked();
    for await (const _ of stream);
    return stream;
  },
  'half read': async () => {
    const stream = chunked();
    await once(stream, 'readable');
    stream.read();
    return stream;
  },
  drained: async () => {
    const stream = chunked().resume();
    await once(stream, 'end');
    return stream;
  },
  'read by a listener': async () => {
    const stream = chunked();
    await once(stream, 'data');
    return stream;
  },
  destroyed: async () => chunked().destroy(),
  failed: async () => {
    const stream = chunked().destroy(new Error('broken'));
    await once(stream, 'error').catch(() => {});
    return stream;
  },
  'destroyed, of an older library': async () => olderStream(true),
  'destroyed while read, of an older library': async () => olderStream(false),
  'cancelled, a web stream': async () => {
    const stream = Readable.toWeb(chunked());
    await stream.cancel();
    return stream;
  },
};

/** A stream like those of `readable-stream` 3: its iterator ends without an error when the stream is destroyed. */
function olderStream(destroyed) {
  return {
    readable: !destroyed,
    destroyed,
    _readableState: { endEmitted: false },
    pipe() {},
    on() {},
    off() {},
    destroy() {},
    async *[Symbol.asyncIterator]() {
      if (!this.destroyed) yield image.subarray(0, 50);
      this.destroyed = true;
    },
  };
}

const send = (status, headers, body) => (response) => response.writeHead(status, headers).end(body);
const answers = {
  missing: send(404, {}, 'no such image'),
  moved: send(302, { location: '/whole' }, 'moved'),
  part: send(206, { 'content-range': 'bytes 0-99/150' }, image.subarray(0, 100)),
  gzip: send(200, { 'content-encoding': 'gzip' }, gzipSync(image)),
  whole: send(200, { 'content-length': image.length }, image),
  'whole-part': send(206, { 'content-range': 'bytes 0-149/150' }, image),
};

async function answer(t, path) {
  const { url } = await serve(t, answers);
  const [message] = await once(get(`${url}/${path}`), 'response');
  return message;
}

for (const [way, put] of Object.entries(ways)) {
  suite(`${way} – sources in any state – only whole ones are cached`, () => {
    for (const [what, make] of Object.entries(used)) {
      test(`a stream – ${what} – is refused`, async (t) => {
        const cache = await openCache(t);
        const source = await make();
        await assert.rejects(async () => put(cache, source));
        assert.equal(await cache.driver.isCached('a'), false);
      });
    }
    for (const path of ['missing', 'moved', 'part', 'gzip']) {
      test(`a response of node:http – ${path} – is refused`, async (t) => {
        const cache = await openCache(t);
        const message = await answer(t, path);
        await assert.rejects(async () => put(cache, message), { code: 'ERR_FETCH_FAILED' });
        assert.equal(await cache.driver.isCached('a'), false);
      });
    }
    for (const path of ['whole', 'whole-part']) {
      test(`a response of node:http – ${path} – is cached`, async (t) => {
        const cache = await openCache(t);
        await put(cache, await answer(t, path));
        assert.deepEqual(await cache.driver.readImage('a'), image);
      });
    }
    test('a stream – without bytes, not read before – is cached', async (t) => {
      const cache = await openCache(t);
      await put(cache, new PassThrough().end());
      assert.equal((await cache.driver.readImage('a')).length, 0);
    });
  });
}

test('a Response – cancelled, then fetched – is refused', async (t) => {
  const cache = await openCache(t);
  const response = new Response(image);
  await response.body.cancel();
  await assert.rejects(ways.getOrFetch(cache, response), { code: 'ERR_FETCH_FAILED' });
  assert.equal(await cache.driver.isCached('a'), false);
});
