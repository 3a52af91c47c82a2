import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { CacheError } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { slowly } from '../support/slow-sources.mjs';
import { within } from '../support/within.mjs';
import { overEachDriver, writersWith } from './support/caches.mjs';
import { gate } from './support/gates.mjs';
import { silentAfter, untouched } from './support/sources.mjs';

const image = bytesOf(1000);
const chunks = [image.subarray(0, 300), image.subarray(300, 900), image.subarray(900)];

async function queued(open, t, imageIds, ...options) {
  const cache = await open(t, ...options);
  for (const id of imageIds) await cache.queueImage(id);
  return cache;
}

overEachDriver('prefetch()', (open) => {
  test('prefetch() – images queued – fetches each from offset 0, empties the queue', async (t) => {
    const cache = await queued(open, t, ['b', 'a', 'c']);
    const asked = [];
    const sources = { a: image, b: chunks, c: slowly(chunks) };
    const fetch = (imageId, { offset, signal }) => {
      asked.push([imageId, offset, signal instanceof AbortSignal]);
      return sources[imageId];
    };

    const { cached, failed } = await cache.prefetch(fetch, { concurrency: 1 });

    assert.deepEqual(asked, [
      ['b', 0, true],
      ['a', 0, true],
      ['c', 0, true],
    ]);
    assert.deepEqual({ cached, failed }, { cached: ['b', 'a', 'c'], failed: new Map() });
    for (const id of cached) assert.deepEqual(await cache.driver.readImage(id), image);
    assert.deepEqual(await cache.driver.getQueuedImages(), []);
  });

  test('prefetch() – empty queue – fetches nothing', async (t) => {
    const cache = await open(t);
    assert.deepEqual(await cache.prefetch(assert.fail), { cached: [], failed: new Map() });
  });

  test('glance C23, B4: images that fail – others queued – stay queued, stop no other', async (t) => {
    const cache = await queued(open, t, ['sync', 'async', 'odd', 'midway', 'nothing', 'text', 'good']);
    const broken = new Error('broken');
    const failing = {
      sync: () => {
        throw broken;
      },
      async: async () => {
        throw broken;
      },
      odd: () => Promise.reject('no error'),
      midway: () => slowly([chunks[0]], broken),
      nothing: () => undefined,
      text: () => 'text',
      good: () => image,
    };

    const { cached, failed } = await cache.prefetch((imageId) => failing[imageId]());

    assert.deepEqual(cached, ['good']);
    const bad = Object.keys(failing).slice(0, -1);
    assert.deepEqual([...failed.keys()].sort(), [...bad].sort());
    for (const [imageId, error] of failed) {
      assert(CacheError.is(error), `${error.stack}`);
      assert.deepEqual([error.code, error.imageId], ['ERR_FETCH_FAILED', imageId]);
    }
    for (const imageId of ['sync', 'async', 'midway']) {
      assert.equal(failed.get(imageId).cause, broken);
      assert.match(failed.get(imageId).message, /broken/);
    }
    assert.deepEqual((await cache.driver.getQueuedImages()).sort(), [...bad].sort());
    for (const imageId of bad) assert.equal(await cache.driver.isCacheable(imageId), true);

    const again = await cache.prefetch(() => image);
    assert.deepEqual(again.cached.sort(), [...bad].sort());
    assert.deepEqual(await cache.driver.getQueuedImages(), []);
  });

  test('a source – of a later offset – is not cached', async (t) => {
    const cache = await queued(open, t, ['part', 'whole']);
    const { cached, failed } = await cache.prefetch((imageId) => ({ offset: imageId === 'part' ? 5 : 0, body: image }));
    assert.deepEqual(cached, ['whole']);
    assert.deepEqual(
      [...failed.values()].map(({ code }) => code),
      ['ERR_FETCH_FAILED'],
    );
    assert.equal(await cache.driver.isCached('part'), false);
  });

  test('glance B25: prefetch() – any concurrency – fetches that many, not more', async (t) => {
    for (const [concurrency, expected] of [
      [1, 1],
      [3, 3],
      [undefined, 4],
      [Number.MAX_SAFE_INTEGER, 12],
    ]) {
      const cache = await queued(
        open,
        t,
        Array.from({ length: 12 }, (_, i) => `${i}`),
      );
      let running = 0;
      let most = 0;
      const all = gate();
      const fetch = async function* () {
        running += 1;
        most = Math.max(most, running);
        if (most >= expected) all.open();
        await within(5000, all.pass(), `${expected} concurrent fetches`);
        for (let i = 0; i < 5; i++) await setImmediate();
        yield image;
        running -= 1;
      };
      const { cached } = await cache.prefetch(fetch, concurrency && { concurrency });
      assert.equal(cached.length, 12);
      assert.equal(most, expected);
    }
  });

  test('glance B25: prefetch() – large image – holds a chunk or two of it', async (t) => {
    const cache = await queued(open, t, ['image']);
    let given = 0;
    let written = 0;
    let ahead = 0;
    const fetch = function* () {
      for (; given < 200; given++) {
        ahead = Math.max(ahead, given - written);
        yield image;
      }
    };
    const onProgress = ({ bytes }) => {
      written = bytes / image.length;
    };
    await cache.prefetch(fetch, { onProgress });
    assert.equal(await cache.driver.getImageSize('image'), 200_000);
    assert(ahead <= 2, `${ahead} chunks`);
  });

  test('glance B25: a write – fails – is not reported as cached', async (t) => {
    const broken = new Error('broken');
    const fail = async () => {
      throw broken;
    };
    for (const method of ['write', 'commit']) {
      const cache = await queued(open, t, ['image'], {}, { openForWrite: writersWith(() => ({ [method]: fail })) });
      const { cached, failed } = await cache.prefetch(() => slowly(chunks));
      assert.deepEqual({ cached, failed }, { cached: [], failed: new Map([['image', broken]]) });
      assert.equal(await cache.driver.isQueued('image'), true);
    }
  });

  test('onProgress – image fetched – gets each step, and done when cached', async (t) => {
    const cache = await queued(open, t, ['image']);
    const progress = [];
    await cache.prefetch(() => slowly(chunks), {
      onProgress: (event) => progress.push({ ...event, cached: cache.driver.images?.has('image') ?? event.done }),
    });
    const step = (bytes, done = false) => ({ imageId: 'image', bytes, done, cached: done });
    assert.deepEqual(progress, [step(300), step(900), step(1000), step(1000, true)]);
  });

  test('onProgress – image failed – is never called with done', async (t) => {
    const cache = await queued(open, t, ['image']);
    const progress = [];
    const fetch = () => slowly(chunks, new Error('broken'));
    await cache.prefetch(fetch, { onProgress: ({ bytes, done }) => progress.push([bytes, done]) });
    assert.deepEqual(
      progress.map(([, done]) => done),
      progress.map(() => false),
    );
  });

  test('a queued image – already cached – is not fetched, leaves the queue', async (t) => {
    const dequeued = [];
    const deleteQueuedImage = async (driver, imageId) => {
      dequeued.push(imageId);
      return driver.deleteQueuedImage(imageId);
    };
    // Glance can leave an image both queued and cached.
    const cache = await open(t, {}, { getQueuedImages: async () => ['image'], deleteQueuedImage });
    await cache.cacheImage('image', [image]);
    assert.deepEqual(await cache.prefetch(assert.fail), { cached: ['image'], failed: new Map() });
    assert.deepEqual(dequeued, ['image']);
  });

  test('glance B2: an image – being written – is left to its writer, stays queued', async (t) => {
    const cache = await queued(open, t, ['image']);
    const tee = cache.cachingIterator('image', chunks);
    await tee.next();
    assert.deepEqual(await cache.prefetch(assert.fail), { cached: [], failed: new Map() });
    assert.equal(await cache.driver.isQueued('image'), true);
    for await (const _ of tee);
    assert.deepEqual(await cache.driver.readImage('image'), image);
    assert.equal(await cache.driver.isQueued('image'), false);
  });

  test('a source – opened, then not needed – is cancelled', async (t) => {
    const cache = await queued(open, t, ['image']);
    const stopped = [];
    let writer;
    const fetch = async () => {
      writer = await cache.driver.openForWrite('image');
      return new ReadableStream({ cancel: () => stopped.push('image') });
    };
    assert.deepEqual(await cache.prefetch(fetch), { cached: [], failed: new Map() });
    await writer.rollback('not needed');
    assert.deepEqual(stopped, ['image']);
  });

  test('an image – larger than the cache – fails before or during its fetch', async (t) => {
    const cache = await queued(open, t, ['said', 'endless'], { maxSize: 10_000 });
    const said = untouched();
    let given = 0;
    const endless = (async function* () {
      for (; ; given++) yield image;
    })();
    const fetch = (imageId) =>
      imageId === 'said'
        ? { ok: true, status: 200, headers: new Headers({ 'content-length': '10001' }), body: said }
        : endless;

    const { cached, failed } = await cache.prefetch(fetch);

    assert.deepEqual(cached, []);
    assert.deepEqual(
      [...failed.values()].map(({ code }) => code),
      ['ERR_NO_SPACE', 'ERR_NO_SPACE'],
    );
    assert.equal(said.touched, false);
    assert(given <= 12);
    assert.deepEqual((await endless.next()).done, true);
    assert.equal((await cache.driver.getQueuedImages()).length, 2);
  });

  test('a signal – ignored by fetch() and source – ends prefetch() immediately', async (t) => {
    const reason = new Error('enough');
    for (const fetch of [() => new Promise(() => {}), () => silentAfter(chunks)]) {
      const cache = await queued(open, t, ['a', 'b', 'c'], {});
      const controller = new AbortController();
      let asked = 0;
      const counted = (...args) => {
        asked += 1;
        return fetch(...args);
      };
      const prefetching = cache.prefetch(counted, { concurrency: 2, signal: controller.signal });
      setTimeout(() => controller.abort(reason), 20);
      await assert.rejects(within(2000, prefetching, 'prefetch()'), (error) => error === reason);
      assert.equal(asked, 2);
      assert.deepEqual(await cache.driver.getQueuedImages(), ['a', 'b', 'c']);
      assert.equal(await cache.driver.isCacheable('a'), true);
    }
  });

  test('a signal – thirty concurrent fetches – causes no warning', async (t) => {
    const warnings = [];
    const remember = (warning) => warnings.push(warning);
    process.on('warning', remember);
    const ids = Array.from({ length: 30 }, (_, i) => `${i}`);
    const cache = await queued(open, t, ids);
    const { cached } = await cache.prefetch(() => slowly(chunks), {
      signal: new AbortController().signal,
      concurrency: 30,
    });
    await setImmediate();
    process.off('warning', remember);
    assert.equal(cached.length, 30);
    assert.deepEqual(warnings, []);
  });

  test('a signal – not aborted – keeps no listener', async (t) => {
    const cache = await queued(open, t, ['good', 'broken']);
    const { signal } = new AbortController();
    await cache.prefetch((imageId) => slowly(chunks, imageId === 'broken' ? new Error('broken') : undefined), {
      signal,
    });
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });

  test('a response – arrives after the abort – is cancelled', async (t) => {
    const cache = await queued(open, t, ['image']);
    const controller = new AbortController();
    const answered = gate();
    const cancelled = gate();
    const fetch = async () => {
      await answered.pass();
      return new Response(new ReadableStream({ cancel: cancelled.open }));
    };
    const prefetching = cache.prefetch(fetch, controller);
    await answered.reached;
    controller.abort();
    await assert.rejects(prefetching, { name: 'AbortError' });
    answered.open();
    await within(2000, cancelled.pass(), 'cancel()');
  });

  test('a fetch – signal of prefetch() aborted – gets an aborted signal', async (t) => {
    const cache = await queued(open, t, ['image']);
    const controller = new AbortController();
    let given;
    const fetch = (_imageId, { signal }) => {
      given = signal;
      controller.abort();
      return image;
    };
    await assert.rejects(cache.prefetch(fetch, controller), { name: 'AbortError' });
    assert.equal(given.aborted, true);
    await assert.rejects(cache.prefetch(assert.fail, { signal: AbortSignal.abort() }), { name: 'AbortError' });
    assert.equal(await cache.driver.isQueued('image'), true);
  });

  test('prefetch() – invalid arguments – refuses them', async (t) => {
    const cache = await queued(open, t, ['image']);
    for (const fetch of [undefined, null, 'http://example.com', {}]) {
      await assert.rejects(cache.prefetch(fetch), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    for (const options of [null, 7, { concurrency: '1' }, { signal: 7 }, { onProgress: 7 }]) {
      await assert.rejects(cache.prefetch(assert.fail, options), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    for (const concurrency of [0, -1, 1.5, Number.NaN]) {
      await assert.rejects(cache.prefetch(assert.fail, { concurrency }), { code: 'ERR_OUT_OF_RANGE' });
    }
  });
});
