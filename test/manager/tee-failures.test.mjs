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
/** Fails at the n-th call. */
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
  test('what is wrong with the source reaches the consumer, after all that came before, and nothing is cached', async (t) => {
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

  test('a source that is longer or shorter than was said is an error of the source', async (t) => {
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

  test('a source without an end is left as soon as it is longer than was said', async (t) => {
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

  test('a source that yields anything but bytes is refused, and nothing is cached', async (t) => {
    const cache = await open(t);
    for (const value of ['text', 7, null, undefined, {}]) {
      const { chunks, error } = await collect(cache.cachingIterator('image', slowly([parts[0], value])));
      assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
      assert.deepEqual(chunks, [parts[0]]);
      assert.equal(await cache.driver.isCacheable('image'), true);
    }
  });

  test('a right checksum is no matter', async (t) => {
    const cache = await open(t);
    const { bytes } = await collect(cache.cachingIterator('image', parts, { checksum: md5(whole) }));
    assert.deepEqual(bytes, whole);
    assert.deepEqual(await cache.driver.readImage('image'), whole);
  });

  test('a wrong checksum reaches the consumer, after all chunks, and nothing is cached', async (t) => {
    const cache = await open(t);
    const { bytes, error } = await collect(cache.cachingIterator('image', parts, { checksum: md5('else') }));

    assert.deepEqual(bytes, whole);
    assert.equal(error.code, 'ERR_CHECKSUM_MISMATCH');
    assert(CacheError.is(error));
    assert.deepEqual([error.expected, error.actual], [md5('else').hex, md5(whole).hex]);
    assert.equal(await cache.driver.isCacheable('image'), true);
    assert.deepEqual(await tidiness(cache), { incomplete: 0, invalid: 1 });
  });

  test('a wrong checksum reaches him also if the image is not being cached', async (t) => {
    const cache = await open(t);
    await cache.cacheImage('image', bytesOf(10));
    const { error } = await collect(cache.cachingIterator('image', parts, { checksum: md5('else') }));
    assert.equal(error.code, 'ERR_CHECKSUM_MISMATCH');
    assert.deepEqual(await cache.driver.readImage('image'), bytesOf(10));
  });

  // What upstream means by get_caching_iter_when_write_fails, where b'Fail' == "Fail" keeps the write from failing.
  for (const n of [1, 2, 3]) {
    test(`glance C20, B21: when write ${n} fails, the consumer gets every chunk once, from a list too`, async (t) => {
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

  test('a source that fails after a write did is still the error that comes out', async (t) => {
    const cache = await open(t, {}, { openForWrite: writersWith(() => ({ write: failAt(1, 'write') })) });
    const broken = new Error('source');
    const { chunks, error } = await collect(cache.cachingIterator('image', slowly(parts, broken)));
    assert.deepEqual(chunks, parts);
    assert.equal(error, broken);
  });

  for (const method of ['openForWrite', 'isCacheable', 'isCached']) {
    test(`glance C21: when ${method} fails, the consumer still gets everything`, async (t) => {
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

  test('when the commit fails, the consumer has got everything, and nothing is cached', async (t) => {
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

  test('glance B28: a rollback that fails hides neither the error of the source nor a wrong checksum', async (t) => {
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

  test('glance B17: an image deleted while it is teed reaches the consumer, and does not appear', async (t) => {
    const cache = await open(t);
    const chunks = cache.cachingIterator('image', parts);
    const got = [(await chunks.next()).value];
    await cache.driver.deleteCachedImage('image');
    got.push(...(await collect(chunks)).chunks);
    assert.deepEqual(got, parts);
    assert.equal(await cache.driver.isCacheable('image'), true);
  });

  test('the abort of a write is the abort of the consumer, and no error of the cache', async (t) => {
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

test('glance B14: a full disk fails no consumer, and is not left full', { skip: needsMount }, async (t) => {
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
