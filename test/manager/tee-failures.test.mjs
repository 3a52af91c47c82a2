import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { CacheError, XattrDriver } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { mountFresh, needsMount } from '../support/mounts.mjs';
import { slowly } from '../support/slow-sources.mjs';
import { collect, openCache, overEachDriver, tidiness, writersWith } from './support/caches.mjs';
import { listen } from './support/events.mjs';
import { remembering } from './support/loggers.mjs';
import { silentAfter } from './support/sources.mjs';

const parts = [bytesOf(1000, 1), bytesOf(1000, 2), bytesOf(1000, 3)];
const whole = Buffer.concat(parts);
const boom = new Error('boom');
const fail = async () => {
  throw boom;
};
/** Returns a method that fails at its n-th call. */
const failAt = (n, method) => {
  let calls = 0;
  return async (writer, ...args) => {
    calls += 1;
    if (calls === n) throw boom;
    return writer[method](...args);
  };
};
const md5 = (bytes) => ({ algorithm: 'md5', hex: createHash('md5').update(bytes).digest('hex') });

overEachDriver('a tee', (open) => {
  test('a source – throws any value – reaches the consumer after all chunks', async (t) => {
    const cache = await open(t);
    await cache.queueImage('image');
    for (const thrown of [boom, 'text', undefined]) {
      const consume = async () => {
        for await (const chunk of cache.cachingIterator('image', slowly(parts, thrown, true))) chunks.push(chunk);
      };
      const chunks = [];
      const [{ status, reason }] = await Promise.allSettled([consume()]);
      assert.deepEqual({ status, reason }, { status: 'rejected', reason: thrown });
      assert.deepEqual(chunks, parts);
      assert.equal(await cache.driver.isCacheable('image'), true);
    }
    assert.deepEqual(await tidiness(cache), { incomplete: 0, invalid: 1 });
    assert.equal(await cache.driver.isQueued('image'), true);
  });

  test('a source – not its expected size – fails with a size mismatch', async (t) => {
    const cache = await open(t);
    for (const expectedSize of [2999, 3001, 0, 1500]) {
      const { chunks, error } = await collect(cache.cachingIterator('image', parts, { expectedSize }));
      assert.equal(error.code, 'ERR_SIZE_MISMATCH');
      assert.equal(error.imageId, 'image');
      assert.equal(error.expected, expectedSize);
      assert.deepEqual(chunks, parts.slice(0, chunks.length));
      assert.equal(error.actual, Buffer.concat(chunks).length);
      assert.equal(await cache.driver.isCacheable('image'), true);
    }
  });

  test('a source – endless, size expected – is closed when it is too long', async (t) => {
    const cache = await open(t);
    let stopped = false;
    const endless = (async function* () {
      try {
        for (;;) yield parts[0];
      } finally {
        stopped = true;
      }
    })();
    const { error } = await collect(cache.cachingIterator('image', endless, { expectedSize: 2500 }));
    assert.equal(error.code, 'ERR_SIZE_MISMATCH');
    assert.equal(stopped, true);
  });

  test('a source – yields anything but bytes – is refused, nothing is cached', async (t) => {
    const cache = await open(t);
    for (const value of ['text', 7, null, undefined, {}]) {
      const { chunks, error } = await collect(cache.cachingIterator('image', slowly([parts[0], value])));
      assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
      assert.deepEqual(chunks, [parts[0]]);
      assert.equal(await cache.driver.isCacheable('image'), true);
    }
  });

  test('a right checksum – image teed – is cached', async (t) => {
    const cache = await open(t);
    const { bytes } = await collect(cache.cachingIterator('image', parts, { checksum: md5(whole) }));
    assert.deepEqual(bytes, whole);
    assert.deepEqual(await cache.driver.readImage('image'), whole);
  });

  test('a wrong checksum – image teed – reaches the consumer, nothing is cached', async (t) => {
    const cache = await open(t);
    const { bytes, error } = await collect(cache.cachingIterator('image', parts, { checksum: md5('else') }));

    assert.deepEqual(bytes, whole);
    assert.equal(error.code, 'ERR_CHECKSUM_MISMATCH');
    assert(CacheError.is(error));
    assert.deepEqual([error.expected, error.actual], [md5('else').hex, md5(whole).hex]);
    assert.equal(await cache.driver.isCacheable('image'), true);
    assert.deepEqual(await tidiness(cache), { incomplete: 0, invalid: 1 });
  });

  test('a wrong checksum – image cached already – still reaches the consumer', async (t) => {
    const cache = await open(t);
    await cache.cacheImage('image', bytesOf(10));
    const { error } = await collect(cache.cachingIterator('image', parts, { checksum: md5('else') }));
    assert.equal(error.code, 'ERR_CHECKSUM_MISMATCH');
    assert.deepEqual(await cache.driver.readImage('image'), bytesOf(10));
  });

  // Glance's get_caching_iter_when_write_fails tests this, but there b'Fail' == "Fail" is false, so no write fails.
  for (const n of [1, 2, 3]) {
    test(`glance C20, B21: write ${n} – fails – the consumer gets every chunk once`, async (t) => {
      const events = listen(t);
      const logger = remembering();
      const openForWrite = writersWith(() => ({ write: failAt(n, 'write') }));
      const cache = await open(t, { logger }, { openForWrite });
      for (const source of [parts, slowly(parts), new Set(parts)]) {
        const { chunks, error } = await collect(cache.cachingIterator('image', source, { checksum: md5(whole) }));
        assert.equal(error, undefined);
        assert.deepEqual(chunks, parts);
        assert.equal(await cache.driver.isCacheable('image'), true);
      }
      const [{ imageId, operation, error }] = events.error;
      assert.deepEqual({ imageId, operation, error }, { imageId: 'image', operation: 'write', error: boom });
      assert.equal(events.error.length, 3);
      const [level, context] = logger.lines.find(([, { err }]) => err === boom);
      assert.deepEqual({ level, context }, { level: 'warn', context: { imageId: 'image', operation, err: boom } });
      assert.deepEqual(await tidiness(cache), { incomplete: 0, invalid: 1 });
      assert.match((await cache.driver.getInvalidImages())[0].error, /boom/);
    });
  }

  test('a source – fails after a failed write – its error reaches the consumer', async (t) => {
    const cache = await open(t, {}, { openForWrite: writersWith(() => ({ write: failAt(1, 'write') })) });
    const broken = new Error('source');
    const { chunks, error } = await collect(cache.cachingIterator('image', slowly(parts, broken)));
    assert.deepEqual(chunks, parts);
    assert.equal(error, broken);
  });

  for (const method of ['openForWrite', 'isCacheable', 'isCached']) {
    test(`glance C21: ${method} – fails – the consumer gets everything`, async (t) => {
      const events = listen(t);
      const cache = await open(t, {}, { [method]: fail });
      const { chunks, error } = await collect(cache.cachingIterator('image', parts));
      assert.equal(error, undefined);
      assert.deepEqual(chunks, parts);
      assert.deepEqual(
        events.error.map(({ operation, error }) => ({ operation, error })),
        [{ operation: 'open', error: boom }],
      );
      assert.equal(await cache.driver.isBeingCached('image'), false);
    });
  }

  test('a commit – fails – the consumer has everything, nothing is cached', async (t) => {
    const events = listen(t);
    const cache = await open(t, {}, { openForWrite: writersWith(() => ({ commit: fail })) });
    const { bytes, error } = await collect(cache.cachingIterator('image', parts));
    assert.equal(error, undefined);
    assert.deepEqual(bytes, whole);
    assert.deepEqual(
      events.error.map(({ operation, error }) => ({ operation, error })),
      [{ operation: 'commit', error: boom }],
    );
    assert.equal(await cache.driver.isCacheable('image'), true);
  });

  test('glance B28: a rollback – fails – hides no error of source or checksum', async (t) => {
    const events = listen(t);
    const cache = await open(
      t,
      {},
      { openForWrite: writersWith(() => ({ rollback: fail, [Symbol.asyncDispose]: fail })) },
    );
    const broken = new Error('x'.repeat(5000));
    const { chunks, error } = await collect(cache.cachingIterator('a', slowly(parts, broken)));
    assert.deepEqual(chunks, parts);
    assert.equal(error, broken);

    const wrong = await collect(cache.cachingIterator('b', parts, { checksum: md5('else') }));
    assert.equal(wrong.error.code, 'ERR_CHECKSUM_MISMATCH');

    const left = cache.cachingIterator('c', parts);
    await left.next();
    await left.return();
    assert.deepEqual(
      events.error.map(({ imageId, operation }) => [imageId, operation]),
      ['a', 'b', 'c'].map((id) => [id, 'rollback']),
    );
  });

  test('glance B17: an image – deleted while teed – passes through, is not cached', async (t) => {
    const cache = await open(t);
    const chunks = cache.cachingIterator('image', parts);
    const got = [(await chunks.next()).value];
    await cache.driver.deleteCachedImage('image');
    got.push(...(await collect(chunks)).chunks);
    assert.deepEqual(got, parts);
    assert.equal(await cache.driver.isCacheable('image'), true);
  });

  test('a signal – aborted during a write – ends the tee, is no error of the cache', async (t) => {
    const events = listen(t);
    const controller = new AbortController();
    const openForWrite = writersWith(() => ({
      write: async (writer, chunk) => {
        controller.abort();
        return writer.write(chunk);
      },
    }));
    const cache = await open(t, {}, { openForWrite });
    const { chunks, error } = await collect(cache.cachingIterator('image', silentAfter(parts), controller));
    assert.deepEqual(chunks, []);
    assert.equal(error.name, 'AbortError');
    assert.deepEqual(events.error, []);
    assert.equal(await cache.driver.isCacheable('image'), true);
  });
});

test('glance B14: a full disk – image teed – fails no consumer, does not stay full', {
  skip: needsMount,
}, async (t) => {
  const events = listen(t);
  const chunks = Array.from({ length: 40 }, (_, i) => bytesOf(50_000, i));

  for (const options of [{}, { expectedSize: 2_000_000 }]) {
    const dir = await mountFresh(t, 'tmpfs', 'size=1m');
    const cache = await openCache(t, { driver: await XattrDriver.open({ dir }) });
    const { bytes, error } = await collect(cache.cachingIterator('large', chunks, options));
    assert.equal(error, undefined);
    assert.equal(Buffer.compare(bytes, Buffer.concat(chunks)), 0);
    assert.equal(await cache.driver.isCacheable('large'), true);
    assert.equal(await cache.cacheImage('as large as the disk allows', [bytesOf(950_000)]), true);
  }
  assert.deepEqual(
    events.error.map(({ operation, error }) => [operation, error.code]),
    [
      ['write', 'ERR_NO_SPACE'],
      ['open', 'ERR_NO_SPACE'],
    ],
  );
});
