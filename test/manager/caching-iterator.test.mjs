import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { bytesOf } from '../support/contents.mjs';
import { slowly } from '../support/slow-sources.mjs';
import { within } from '../support/within.mjs';
import { collect, overEachDriver, tidiness } from './support/caches.mjs';
import { listen } from './support/events.mjs';
import { silentAfter, untouched } from './support/sources.mjs';

const whole = bytesOf(250_000);
const parts = [whole.subarray(0, 100_000), whole.subarray(100_000, 100_001), whole.subarray(100_001)];
const tidy = { incomplete: 0, invalid: 0 };
const rolledBack = { incomplete: 0, invalid: 0 };

const sources = {
  'a Buffer': () => whole,
  'an array of chunks': () => parts,
  'a generator': function* () {
    yield* parts;
  },
  'an asynchronous generator': () => slowly(parts),
  'a Readable': () => Readable.from(parts),
  'a ReadableStream': () => ReadableStream.from(parts),
  'the body of a response': () => new Response(whole).body,
};

overEachDriver('a tee', (open) => {
  for (const [what, source] of Object.entries(sources)) {
    test(`a tee – ${what} – passes on and caches every byte`, async (t) => {
      const cache = await open(t);
      const { bytes } = await collect(cache.cachingIterator('image', source(), { expectedSize: whole.length }));

      assert.equal(Buffer.compare(bytes, whole), 0);
      assert.equal(Buffer.compare(await cache.driver.readImage('image'), whole), 0);
      assert.deepEqual(await tidiness(cache), tidy);
    });
  }

  test('a tee – any source – passes on the same chunks as they arrive', async (t) => {
    const cache = await open(t);
    const chunks = cache.cachingIterator('image', silentAfter(parts));
    for (const part of parts) assert.equal((await chunks.next()).value, part);
    await chunks.return();
  });

  test('a tee – source without bytes – caches an empty image', async (t) => {
    const cache = await open(t);
    assert.deepEqual(await collect(cache.cachingIterator('image', [])), { chunks: [], bytes: Buffer.alloc(0) });
    assert.equal((await cache.driver.readImage('image')).length, 0);
  });

  test('a tee – at its end – has published the image, and emptied the queue', async (t) => {
    const cache = await open(t);
    await cache.queueImage('image');
    const chunks = cache.cachingIterator('image', parts);
    for (const part of parts) assert.deepEqual(await chunks.next(), { done: false, value: part });
    assert.equal(await cache.driver.isCached('image'), false);
    assert.deepEqual(await chunks.next(), { done: true, value: undefined });
    assert.equal(await cache.driver.isCached('image'), true);
    assert.equal(await cache.driver.isQueued('image'), false);
  });

  test('a tee – no chunk requested yet – claims nothing, does not read the source', async (t) => {
    let opened = 0;
    const openForWrite = (driver, ...args) => {
      opened += 1;
      return driver.openForWrite(...args);
    };
    const cache = await open(t, {}, { openForWrite });
    const source = untouched();

    const chunks = cache.cachingIterator('image', source);
    await setImmediate();
    assert.deepEqual({ opened, touched: source.touched }, { opened: 0, touched: false });
    assert.equal(await cache.driver.isCacheable('image'), true);
    await chunks.return();
    assert.deepEqual(await collect(chunks), { chunks: [], bytes: Buffer.alloc(0) });
    assert.deepEqual({ opened, touched: source.touched }, { opened: 0, touched: false });

    assert.equal(String((await collect(cache.cachingIterator('image', source))).bytes), 'bytes');
    assert.equal(opened, 1);
  });

  test('a chunk – modified by the consumer – is cached as it came', async (t) => {
    const cache = await open(t);
    const memory = Buffer.alloc(10);
    const reusing = (function* () {
      for (let i = 0; i < 5; i++) yield memory.fill(i);
    })();
    for await (const chunk of cache.cachingIterator('image', reusing)) chunk.fill(255);
    const expected = Buffer.concat([0, 1, 2, 3, 4].map((byte) => Buffer.alloc(10, byte)));
    assert.deepEqual(await cache.driver.readImage('image'), expected);
  });

  test('a tee – image already cached – passes the source through, keeps the hits', async (t) => {
    const cache = await open(t);
    await cache.cacheImage('image', bytesOf(10, 1));
    await cache.driver.readImage('image');

    const { chunks } = await collect(cache.cachingIterator('image', parts));

    assert.deepEqual(chunks, parts);
    assert.equal(await cache.driver.getHitCount('image'), 1);
    assert.deepEqual(await cache.driver.readImage('image'), bytesOf(10, 1));
  });

  test('glance B1: two tees of one image – in turn – the second passes through', async (t) => {
    const events = listen(t);
    const cache = await open(t);
    const first = cache.cachingIterator('image', parts);
    const second = cache.cachingIterator('image', parts);
    const read = { first: [], second: [] };
    // This provokes B1: the second tee begins when the first has written a chunk, and both continue in turn.
    for (let step = await first.next(); !step.done; step = await first.next()) {
      read.first.push(step.value);
      const other = await second.next();
      if (!other.done) read.second.push(other.value);
    }
    read.second.push(...(await collect(second)).chunks);

    assert.deepEqual(read, { first: parts, second: parts });
    assert.equal(Buffer.compare(await cache.driver.readImage('image'), whole), 0);
    assert.deepEqual(await tidiness(cache), tidy);
    assert.deepEqual(events.error, []);
  });

  test('a tee – image cached before its claim – leaves the image and its hits alone', async (t) => {
    const openForWrite = async (driver, ...args) => {
      await driver.writeImage('image', bytesOf(10, 1));
      await driver.readImage('image');
      return driver.openForWrite(...args);
    };
    const cache = await open(t, {}, { openForWrite });
    assert.deepEqual((await collect(cache.cachingIterator('image', parts))).chunks, parts);
    assert.equal(await cache.driver.getHitCount('image'), 1);
    assert.deepEqual(await cache.driver.readImage('image'), bytesOf(10, 1));
    assert.equal(await cache.driver.isBeingCached('image'), false);
  });

  test('a consumer – leaves after the first chunk – the write is rolled back', async (t) => {
    const cache = await open(t);
    let stopped = false;
    const source = (function* () {
      try {
        yield* parts;
      } finally {
        stopped = true;
      }
    })();
    for await (const chunk of cache.cachingIterator('image', source)) {
      assert.equal(chunk, parts[0]);
      assert.equal(await cache.driver.isBeingCached('image'), true);
      break;
    }

    assert.equal(stopped, true);
    assert.equal(await cache.driver.isCacheable('image'), true);
    assert.deepEqual(await tidiness(cache), rolledBack);
  });

  test('a consumer – throws – the write is rolled back', async (t) => {
    const cache = await open(t);
    const consume = async () => {
      for await (const _ of cache.cachingIterator('image', parts)) throw new Error('consumer');
    };
    await assert.rejects(consume, /consumer/);
    assert.equal(await cache.driver.isCacheable('image'), true);
    assert.deepEqual(await tidiness(cache), rolledBack);
  });

  test('a consumer – leaves between last chunk and end – caches nothing', async (t) => {
    const cache = await open(t);
    const chunks = cache.cachingIterator('image', [parts[0]]);
    await chunks.next();
    await chunks.return();
    assert.equal(await cache.driver.isCached('image'), false);
  });

  test('a consumer – leaves while a chunk is pending – does not wait for it', async (t) => {
    const cache = await open(t);
    const source = silentAfter([parts[0]]);
    const chunks = cache.cachingIterator('image', source);
    await chunks.next();
    const pending = chunks.next();
    await within(2000, chunks.return(), 'return()');

    assert.deepEqual(await within(2000, pending, 'the pending next()'), { done: true, value: undefined });
    assert.equal(source.stopped, true);
    assert.equal(await cache.driver.isCacheable('image'), true);
  });

  test('a stream – destroyed while its source is silent – releases the image', async (t) => {
    const cache = await open(t);
    const stream = Readable.from(cache.cachingIterator('image', silentAfter([parts[0]])));
    const client = new AbortController();
    const sink = new Writable({
      write(_chunk, _encoding, done) {
        client.abort();
        done();
      },
    });
    await assert.rejects(within(2000, pipeline(stream, sink, client), 'the pipeline'), { name: 'AbortError' });

    await within(
      2000,
      finished(stream).catch(() => {}),
      'close',
    );
    assert.equal(await cache.driver.isCacheable('image'), true);
    assert.deepEqual(await tidiness(cache), rolledBack);
  });

  test('a signal – aborted – ends the tee with its reason, rolls back', async (t) => {
    const cache = await open(t);
    const source = silentAfter([parts[0]]);
    const controller = new AbortController();
    const chunks = cache.cachingIterator('image', source, { signal: controller.signal });
    await chunks.next();
    const pending = chunks.next();
    const reason = new Error('enough');
    controller.abort(reason);

    await assert.rejects(within(2000, pending, 'the pending next()'), (error) => error === reason);
    assert.equal(source.stopped, true);
    assert.equal(await cache.driver.isCacheable('image'), true);
    assert.deepEqual(await tidiness(cache), rolledBack);
    assert.deepEqual(await chunks.next(), { done: true, value: undefined });
  });

  test('a signal – not aborted – keeps no listener', async (t) => {
    const cache = await open(t);
    const { signal } = new AbortController();
    await collect(cache.cachingIterator('whole', parts, { signal }));
    const left = cache.cachingIterator('left', parts, { signal });
    await left.next();
    await left.return();
    await collect(cache.cachingIterator('broken', slowly(parts, new Error('broken')), { signal }));
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });

  test('a signal – aborted before – ends the tee, nothing is read or claimed', async (t) => {
    const cache = await open(t);
    const stream = ReadableStream.from(parts);
    const { chunks, error } = await collect(cache.cachingIterator('image', stream, { signal: AbortSignal.abort() }));
    assert.deepEqual(chunks, []);
    assert.equal(error.name, 'AbortError');
    assert.deepEqual(await tidiness(cache), tidy);
  });

  test('a tee – invalid arguments – rejects at the first chunk, touches nothing', async (t) => {
    const cache = await open(t);
    const fails = async (code, ...args) => {
      const { chunks, error } = await collect(cache.cachingIterator(...args));
      assert.deepEqual({ chunks, code: error?.code }, { chunks: [], code });
    };
    const source = untouched();
    for (const id of ['', '.', '..', 'a/b', '../x', 'a\0b', 'queue', 'x'.repeat(256), '\ud800']) {
      await fails('ERR_INVALID_IMAGE_ID', id, source);
    }
    await fails('ERR_INVALID_ARG_TYPE', 7, source);
    for (const bad of ['text', 7, null, undefined, {}]) await fails('ERR_INVALID_ARG_TYPE', 'image', bad);
    await fails('ERR_INVALID_ARG_TYPE', 'image', source, null);
    await fails('ERR_INVALID_ARG_TYPE', 'image', source, { signal: 'now' });
    await fails('ERR_OUT_OF_RANGE', 'image', source, { expectedSize: -1 });
    await fails('ERR_INVALID_ARG_VALUE', 'image', source, { checksum: 'no checksum' });

    assert.equal(source.touched, false);
    assert.deepEqual(await tidiness(cache), tidy);
    assert.equal(await cache.driver.isCacheable('image'), true);
  });
});
