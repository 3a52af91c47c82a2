import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { publish } from '../../dist/api/events.js';
import { XattrDriver } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { mountReadOnly, needsMount } from '../support/mounts.mjs';
import { plantFile } from '../support/xattr-driver.mjs';
import { collect, openCache, overriding, writersWith } from './support/caches.mjs';
import { listen } from './support/events.mjs';
import { remembering } from './support/loggers.mjs';

const image = bytesOf(1000);
/** A commit has the time of the kernel's tick, a hit has the time of the clock. */
const tickMs = 20;

/** Asserts that the only events are those of `expected`, by channel. */
function assertEvents(events, expected) {
  const published = Object.fromEntries(Object.entries(events).filter(([, all]) => all.length > 0));
  assert.deepEqual(published, expected);
}

test('commit, hit and miss – each method – are published', async (t) => {
  const cache = await openCache(t);
  const { driver } = cache;
  const { dir } = driver;
  const events = listen(t);

  await cache.cacheImage('cached', [image]);
  await collect(cache.cachingIterator('teed', [image]));
  await driver.writeImage('written', image);
  driver.writeImageSync('written in place', image);
  await driver.readImage('cached');
  driver.readImageSync('teed');
  await (await driver.openForRead('written')).close();
  driver.openForReadSync('written in place').closeSync();
  for await (const _ of driver.createReadStream('cached', { start: 10, end: 19 }));
  await driver.readImage('a');
  driver.readImageSync('b');
  await assert.rejects(driver.openForRead('c'));
  assert.throws(() => driver.openForReadSync('d'));

  const ids = ['cached', 'teed', 'written', 'written in place'];
  assertEvents(events, {
    commit: ids.map((imageId) => ({ dir, imageId, size: 1000 })),
    hit: [...ids, 'cached'].map((imageId) => ({ dir, imageId, size: 1000 })),
    miss: ['a', 'b', 'c', 'd'].map((imageId) => ({ dir, imageId })),
  });
});

test('queries, aborted reads and bypassed images – any – publish nothing', async (t) => {
  const cache = await openCache(t);
  const { driver } = cache;
  await driver.writeImage('image', image);
  const events = listen(t);

  for (const id of ['image', 'none']) {
    await driver.isCached(id);
    await driver.isCacheable(id);
    await driver.getHitCount(id);
    await driver.getImageSize(id);
  }
  await (await driver.openForRead('image')).abort();
  driver.createReadStream('image').destroy();
  await cache.cacheImage('image', [image]);
  await collect(cache.cachingIterator('image', [image]));
  await cache.prune({ maxSize: 0, dryRun: true });
  await cache.prune();
  await cache.clean();
  await cache.stats();

  assertEvents(events, {});
});

test('rollback – each way a write fails – has the reason in user.error', async (t) => {
  const cache = await openCache(t);
  const { driver } = cache;
  const { dir } = driver;
  const events = listen(t);

  await (await driver.openForWrite('a')).rollback(Object.assign(new Error('broken'), { code: 'ERR_ODD' }));
  driver.openForWriteSync('b').rollbackSync('text');
  const tee = cache.cachingIterator('c', [image, image]);
  await tee.next();
  await tee.return();
  const lost = await driver.openForWrite('d');
  await driver.deleteCachedImage('d');
  await assert.rejects(lost.commit());
  await assert.rejects(cache.cacheImage('e', [image], { expectedSize: 1 }));

  const reasons = events.rollback.map(({ imageId, reason }) => [imageId, reason]);
  assert.deepEqual(reasons.slice(0, 3), [
    ['a', 'ERR_ODD: broken'],
    ['b', 'text'],
    ['c', 'incomplete fetch'],
  ]);
  assert.match(reasons[3].join(), /^d,ERR_CLAIM_LOST/);
  assert.match(reasons[4].join(), /^e,ERR_SIZE_MISMATCH/);
  assertEvents(events, { rollback: reasons.map(([imageId, reason]) => ({ dir, imageId, reason })) });
  const byId = new Map((await driver.getInvalidImages()).map(({ imageId, error }) => [imageId, error]));
  for (const [imageId, reason] of reasons.filter(([id]) => !['c', 'd'].includes(id)))
    assert.equal(byId.get(imageId), reason);
});

test('evict – each reason – has hits and last access', async (t) => {
  const cache = await openCache(t, { maxSize: 2500, lowWatermark: 0.5 });
  const { driver } = cache;
  const { dir } = driver;
  const put = async (id, hits) => {
    await driver.writeImage(id, image);
    for (let i = 0; i < hits; i++) await driver.readImage(id);
  };
  await put('a', 1);
  await put('b', 2);
  await sleep(tickMs);
  await put('c', 0);
  const listed = await driver.getCachedImages();
  const events = listen(t);

  const evicted = await driver.evictTo(2000);
  const pruned = await cache.prune({ maxSize: 1000 });
  await put('d', 3);
  await sleep(tickMs);
  await cache.cacheImage('e', [image]);

  const { hit: _hits, commit: _commits, ...rest } = events;
  const [a, b, c, d] = rest.evict;
  const expected = (imageId, hits, reason) => ({ dir, imageId, size: 1000, hits, reason });
  const withoutTime = rest.evict.map(({ lastAccessedMs: _, ...event }) => event);
  assert.deepEqual(withoutTime, [
    expected('a', 1, 'evict'),
    expected('b', 2, 'prune'),
    expected('c', 0, 'auto-prune'),
    expected('d', 3, 'auto-prune'),
  ]);
  assert.equal(rest.evict.length, 4);
  assert.equal(a.lastAccessedMs, listed[0].lastAccessedMs);
  assert.deepEqual(
    [...evicted.images, ...pruned.images].map((one) => one.lastAccessedMs),
    [a, b].map((one) => one.lastAccessedMs),
  );
  assert(c.lastAccessedMs < d.lastAccessedMs);
  assertEvents({ ...rest, evict: [] }, {});
});

test('reap – each directory – is published if files were reaped', async (t) => {
  const cache = await openCache(t);
  const { dir } = cache.driver;
  await plantFile(join(dir, 'invalid', 'a'), 10);
  await plantFile(join(dir, 'invalid', 'b'), 10);
  await plantFile(join(dir, 'incomplete', 'c'), 10);
  const events = listen(t);
  await cache.clean(0);
  await cache.clean(0);
  assertEvents(events, {
    reap: [
      { dir, place: 'invalid', count: 2 },
      { dir, place: 'incomplete', count: 1 },
    ],
  });
});

test('uncounted – image evicted or locked – is published with the reason', async (t) => {
  const { driver } = await openCache(t, { driver: await XattrDriver.open({ ...(await fresh(t)), lockTimeoutMs: 20 }) });
  const { dir } = driver;
  await driver.writeImage('image', image);
  const reader = await driver.openForRead('image');
  await driver.deleteCachedImage('image');
  await driver.writeImage('locked', image);
  const locked = await driver.openForRead('locked');
  await lockInProcess(t, driver.getImageFilepath('locked'));
  const events = listen(t);

  assert.deepEqual(await reader.close(), { counted: false });
  assert.deepEqual(await locked.close(), { counted: false });
  assert.deepEqual(await driver.readImage('locked'), image);

  const uncounted = (imageId, why) => ({ dir, imageId, why, error: undefined });
  assertEvents(events, {
    uncounted: [uncounted('image', 'evicted'), uncounted('locked', 'locked'), uncounted('locked', 'locked')],
  });
});

test('uncounted – read-only mount – is published, logged once', { skip: needsMount }, async (t) => {
  const whole = await openCache(t);
  await whole.cacheImage('image', [image]);
  const dir = await mountReadOnly(t, whole.driver.dir);
  const logger = remembering();
  const { driver } = await openCache(t, { dir, logger });
  const events = listen(t);

  for (let i = 0; i < 3; i++) assert.deepEqual(await driver.readImage('image'), image);

  const [{ error }] = events.uncounted;
  assert.equal(error.code, 'EROFS');
  assertEvents(events, {
    uncounted: events.uncounted.map((event) => ({ dir, imageId: 'image', why: 'not-writable', error: event.error })),
  });
  assert.equal(events.uncounted.length, 3);
  const lines = logger.lines.filter(([level]) => level === 'warn');
  assert.equal(lines.length, 1, 'logged once, not with each read');
});

test('error – failures that no call reports – is published', async (t) => {
  const boom = new Error('boom');
  const fail = async () => {
    throw boom;
  };
  const cases = {
    open: { openForWrite: fail },
    write: { openForWrite: writersWith(() => ({ write: fail })) },
    commit: { openForWrite: writersWith(() => ({ commit: fail })) },
    'auto-prune': { getCacheSize: fail },
  };
  for (const [operation, overrides] of Object.entries(cases)) {
    const driver = overriding(new XattrDriver(await fresh(t)), overrides);
    const cache = await openCache(t, { driver });
    const events = listen(t);
    await collect(cache.cachingIterator('image', [image]));
    await cache.close();
    const imageId = operation === 'auto-prune' ? undefined : 'image';
    assert.deepEqual(events.error, [{ dir: driver.dir, imageId, operation, error: boom }]);
  }
});

test('an event – driver without a directory – has an empty one', async (t) => {
  const { MemoryDriver } = await import('../support/memory-driver.mjs');
  const openForWrite = async () => {
    throw new Error('boom');
  };
  const cache = await openCache(t, { driver: overriding(new MemoryDriver(), { openForWrite }) });
  const events = listen(t);
  await collect(cache.cachingIterator('image', [image]));
  assert.equal(events.error[0].dir, '');
});

test('an event – no subscriber – is not created', async (t) => {
  publish('hit', assert.fail);
  const events = listen(t);
  publish('hit', () => ({ dir: '', imageId: 'a', size: 1 }));
  assert.deepEqual(events.hit, [{ dir: '', imageId: 'a', size: 1 }]);
  assert.equal(channel('xattr-cache:hit').hasSubscribers, true);
});

test('a reason – no subscriber – is not formatted for the event', async (t) => {
  const { driver } = await openCache(t);
  let looks = 0;
  const reason = Object.defineProperty(new Error('x'), 'message', {
    get: () => {
      looks += 1;
      return 'x';
    },
  });
  const looksOf = async (id) => {
    looks = 0;
    await (await driver.openForWrite(id)).rollback(reason);
    return looks;
  };
  const unheard = await looksOf('a');
  listen(t);
  assert.equal(await looksOf('b'), 2 * unheard);
});

test('a subscriber – throws – fails no call', async (t) => {
  const { driver } = await openCache(t);
  const thrown = [];
  const handle = (error) => thrown.push(error.message);
  process.setUncaughtExceptionCaptureCallback(handle);
  const boom = () => {
    throw new Error('listener');
  };
  channel('xattr-cache:commit').subscribe(boom);
  await driver.writeImage('image', image);
  channel('xattr-cache:commit').unsubscribe(boom);
  await new Promise((resolve) => setImmediate(resolve));
  process.setUncaughtExceptionCaptureCallback(null);
  assert.deepEqual(thrown, ['listener']);
  assert.equal(await driver.isCached('image'), true);
});

test('the logger – every message – gets an object, then a text, on itself', async (t) => {
  const logger = remembering();
  const cache = await openCache(t, { logger, maxSize: 1500 });
  const { driver } = cache;
  await cache.cacheImage('a', [image]);
  await sleep(tickMs);
  await cache.cacheImage('b', [image]);
  await (await driver.openForWrite('c')).rollback('text');
  await cache.clean();
  await plantFile(driver.getImageFilepath('old'), 0);
  await utimes(driver.getImageFilepath('old'), 1, 1);
  await cache.prune({ maxSize: 0 });

  assert(logger.lines.length >= 5);
  for (const [level, context, text, ...rest] of logger.lines) {
    assert.equal(typeof context, 'object', level);
    assert.equal(typeof text, 'string');
    assert.deepEqual(rest, []);
  }
  const said = (wanted) =>
    logger.lines.filter(([, , text]) => text === wanted).map(([level, context]) => [level, context]);
  assert.deepEqual(said('committed')[0], ['debug', { imageId: 'a', size: 1000 }]);
  assert.deepEqual(said('rolled back'), [['debug', { imageId: 'c', reason: 'text' }]]);
  assert.deepEqual(said('reaped'), [['info', { place: 'invalid', count: 1 }]]);
  assert.deepEqual(
    said('evicted').map(([level, { imageId, reason }]) => [level, imageId, reason]),
    [
      ['debug', 'a', 'auto-prune'],
      ['debug', 'old', 'prune'],
      ['debug', 'b', 'prune'],
    ],
  );
});

async function fresh(t) {
  const { driver } = await openCache(t);
  return { dir: driver.dir };
}
