// Callbacks and sources of a caller may fail in any way. That is an error of the call, and never ends the process.

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { defer } from '../support/defer.mjs';
import { within } from '../support/within.mjs';
import { openCache } from './support/caches.mjs';

const chunk = () => new Uint8Array(1000);
const fail = () => {
  throw new Error('abused');
};
const reject = async () => fail();
const failingGetter = (key, object = {}) => Object.defineProperty(object, key, { get: fail, configurable: true });
const iterable = (iterator) => ({ [Symbol.asyncIterator]: () => iterator });
const thenable = (then) => Object.defineProperty({}, 'then', { value: then });
const endless = { next: () => ({ done: false, value: chunk() }) };

/** Sources that misbehave. None of them yields an image of the expected size. */
const sources = {
  'a throwing next()': () => iterable({ next: fail }),
  'a rejecting next()': () => iterable({ next: reject }),
  'a getter of next that throws': () => iterable(failingGetter('next')),
  'no next()': () => iterable({}),
  'a result that is no object': () => iterable({ next: () => null }),
  'a result whose getters throw': () => iterable({ next: () => failingGetter('done') }),
  'a thenable whose then() throws': () => iterable({ next: () => thenable(fail) }),
  'a thenable whose getter throws': () => iterable({ next: () => failingGetter('then') }),
  'an iterator() that throws': () => ({ [Symbol.asyncIterator]: fail }),
  'an iterator() that returns nothing': () => ({ [Symbol.asyncIterator]: () => undefined }),
  'a throwing return()': () => iterable({ ...endless, return: fail }),
  'a rejecting return()': () => iterable({ ...endless, return: reject }),
  'a getter of return that throws': () => iterable(failingGetter('return', { ...endless })),
  'a return() with a thenable that throws': () => iterable({ ...endless, return: () => thenable(fail) }),
  'chunks that are no bytes': () => ['text'],
  'a chunk that was transferred': () => {
    const bytes = chunk();
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    return [bytes].values();
  },
  'a stream that fails before it is read': () => {
    const stream = new Readable({ read() {} });
    setImmediate(() => stream.destroy(new Error('abused')));
    return stream;
  },
  'a stream whose destroy() fails later': () =>
    new Readable({
      read() {
        this.push(chunk());
      },
      destroy: (_error, done) => setTimeout(() => done(new Error('abused')), 10),
    }),
  'a web stream whose cancel() rejects': () =>
    new ReadableStream({ pull: (controller) => controller.enqueue(chunk()), cancel: reject }),
  'a web stream whose pull() throws': () => new ReadableStream({ pull: fail }),
};

const options = { expectedSize: 1500 };
const read = async (chunks) => {
  for await (const _ of await chunks);
};

const ways = {
  writeImage: (cache, make) => cache.driver.writeImage('image', make(), options),
  cacheImage: (cache, make) => cache.cacheImage('image', make(), options),
  cachingIterator: (cache, make) => read(cache.cachingIterator('image', make(), options)),
  getOrFetch: (cache, make) => read(cache.getOrFetch('image', make, options)),
  'getOrFetch of a part': (cache, make) =>
    read(cache.getOrFetch('image', () => ({ offset: 0, body: make() }), options)),
  'getOrFetch past the cache': async (_cache, make, t) =>
    read((await openCache(t, { maxSize: 1 })).getOrFetch('image', make, options)),
};

/** Collects the errors that reach the process itself while `t` runs. */
function strays(t) {
  const stray = [];
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    const others = process.listeners(event);
    const note = (error) => stray.push(error);
    process.removeAllListeners(event);
    process.on(event, note);
    defer(t, () => {
      process.off(event, note);
      for (const other of others) process.on(event, other);
    });
  }
  return stray;
}

for (const [way, run] of Object.entries(ways)) {
  test(`${way} – misbehaving sources – fails its own call only`, async (t) => {
    const stray = strays(t);
    for (const [name, make] of Object.entries(sources)) {
      const cache = await openCache(t);
      await within(
        5_000,
        assert.rejects(async () => run(cache, make, t), undefined, name),
        name,
      );
      await sleep(20);
      assert.deepEqual(stray, [], name);
      assert.equal(await cache.driver.isCached('image'), false, name);
      assert.equal(await cache.driver.isBeingCached('image'), false, name);
    }
  });
}

test('prefetch – misbehaving sources – reports them, nothing reaches the process', async (t) => {
  const stray = strays(t);
  for (const [name, make] of Object.entries(sources)) {
    const cache = await openCache(t, { maxSize: 1500 });
    await cache.queueImage('image');
    const { failed } = await within(5_000, cache.prefetch(make), name);
    await sleep(20);
    assert.deepEqual([...failed.keys()], ['image'], name);
    assert.deepEqual(stray, [], name);
  }
});

const throwing = { debug: fail, info: fail, warn: fail, error: fail };
const loggers = {
  throws: throwing,
  rejects: { debug: reject, info: reject, warn: reject, error: reject },
  'has getters that throw': Object.keys(throwing).reduce((logger, level) => failingGetter(level, logger), {}),
  'has no methods': {},
};

for (const [how, logger] of Object.entries(loggers)) {
  test(`a logger that ${how} – while images come and go – fails nothing`, async (t) => {
    const stray = strays(t);
    const cache = await openCache(t, { logger, maxSize: 2000 });
    for (let i = 0; i < 4; i++) await cache.cacheImage(`image ${i}`, [chunk()]);
    await assert.rejects(cache.driver.writeImage('broken', iterable({ next: fail })), { message: 'abused' });
    await read(cache.getOrFetch('too large', () => [new Uint8Array(5000)]));
    await cache.clean(0);
    await cache.driver.evictTo(0);
    await cache.close();
    assert.deepEqual(stray, []);
  });
}

for (const [how, onProgress] of Object.entries({ throws: fail, rejects: reject })) {
  test(`an onProgress that ${how} – called – fails its own call only`, async (t) => {
    const stray = strays(t);
    const cache = await openCache(t);
    await cache.cacheImage('cached', [chunk()]);
    await assert.rejects(cache.verify('cached', { onProgress }), { message: 'abused' });
    await cache.queueImage('image');
    const { failed } = await cache.prefetch(() => [chunk()].values(), { onProgress });
    assert.equal(failed.get('image')?.message, 'abused');
    await sleep(10);
    assert.deepEqual(stray, []);
  });
}

test('a subscriber that throws – any event – fails no call, is reported by Node', async (t) => {
  const stray = strays(t);
  const names = ['hit', 'miss', 'commit', 'rollback', 'evict', 'reap', 'error'].map((name) => `xattr-cache:${name}`);
  for (const name of names) {
    subscribe(name, fail);
    defer(t, () => unsubscribe(name, fail));
  }
  const cache = await openCache(t, { maxSize: 2000 });
  assert.equal(await cache.cacheImage('image', [chunk()]), true);
  await cache.driver.readImage('image');
  assert.equal(await cache.driver.readImage('missing'), undefined);
  await assert.rejects(cache.driver.writeImage('broken', iterable({ next: fail })), { message: 'abused' });
  await read(cache.getOrFetch('too large', () => [new Uint8Array(5000)]));
  await cache.driver.evictTo(0);
  await sleep(10);
  assert.ok(stray.length >= 5);
  for (const { message } of stray) assert.equal(message, 'abused');
});

test('a signal – its reason throws – ends every call with that error', async (t) => {
  const stray = strays(t);
  const cache = await openCache(t);
  const stuck = () => iterable({ next: () => new Promise(() => {}) });
  const calls = {
    writeImage: (signal) => cache.driver.writeImage('a', stuck(), { signal }),
    cacheImage: (signal) => cache.cacheImage('b', stuck(), { signal }),
    cachingIterator: (signal) => read(cache.cachingIterator('c', stuck(), { signal })),
    getOrFetch: (signal) => read(cache.getOrFetch('d', stuck, { signal })),
  };
  for (const [name, call] of Object.entries(calls)) {
    const abort = new AbortController();
    failingGetter('reason', abort.signal);
    const failed = assert.rejects(call(abort.signal), undefined, name);
    await sleep(10);
    abort.abort();
    await within(5_000, failed, name);
  }
  await sleep(10);
  assert.deepEqual(stray, []);
});
