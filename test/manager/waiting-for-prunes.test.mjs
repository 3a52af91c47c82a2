import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';

import { bytesOf } from '../support/contents.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { within } from '../support/within.mjs';
import { collect, openCache, overEachDriver } from './support/caches.mjs';
import { listen } from './support/events.mjs';
import { gate } from './support/gates.mjs';
import { untouched } from './support/sources.mjs';

const image = bytesOf(1000);

/** Opens a cache over its limit, whose eviction waits at `gate`. `over` is the call that exceeded the limit. */
async function pruning(open, t, { evictTo = (driver, ...args) => driver.evictTo(...args) } = {}) {
  const at = gate();
  const held = async (...args) => {
    await at.pass();
    return evictTo(...args);
  };
  const cache = await open(t, { maxSize: 1500 }, { evictTo: held });
  await cache.cacheImage('first', [image]);
  const over = cache.cacheImage('over', [image]);
  await at.reached;
  return { cache, over, gate: at };
}

overEachDriver('waiting for a prune', (open) => {
  test('cacheImage() – prune in progress – waits before its start and its end', async (t) => {
    const { cache, over, gate } = await pruning(open, t);
    const source = untouched();
    const next = cache.cacheImage('next', source);
    await sleep(50);
    assert.equal(source.touched, false);
    assert.equal(await cache.driver.isCacheable('next'), true);
    assert.equal(await Promise.race([over, 'waiting']), 'waiting');

    gate.open();
    assert.deepEqual(await Promise.all([over, next]), [true, true]);
    assert.equal(source.touched, true);
  });

  test('cacheImage() – aborted while it waits – rejects, the source is not read', async (t) => {
    const { cache, over, gate } = await pruning(open, t);
    const source = untouched();
    const next = cache.cacheImage('next', source, { signal: AbortSignal.timeout(20) });
    const ending = new Promise((resolve) => setTimeout(resolve, 1000)); // The timer keeps the process alive; the signal does not.
    await assert.rejects(Promise.race([next, ending]), { name: 'TimeoutError' });
    assert.equal(source.touched, false);
    gate.open();
    assert.equal(await over, true);
  });

  test('cacheImage() – aborted after its commit – resolves, and waits no longer', async (t) => {
    const at = gate();
    const cache = await open(
      t,
      { maxSize: 1500 },
      { evictTo: (driver, ...args) => at.pass().then(() => driver.evictTo(...args)) },
    );
    await cache.cacheImage('first', [image]);
    const controller = new AbortController();
    const over = cache.cacheImage('over', [image], { signal: controller.signal });
    await at.reached;
    controller.abort();
    assert.equal(await within(2000, over, 'cacheImage()'), true);
    at.open();
    assert.equal(await cache.driver.isCached('over'), true);
  });

  test('a tee – aborted while it waits – ends immediately', async (t) => {
    const { cache, over, gate } = await pruning(open, t);
    const started = performance.now();
    const reason = new Error('enough');
    const controller = new AbortController();
    const teed = collect(cache.cachingIterator('next', [image], { signal: controller.signal }));
    await sleep(20);
    controller.abort(reason);
    assert.equal((await within(900, teed, 'the tee')).error, reason);
    assert(performance.now() - started < 900);
    gate.open();
    await over;
  });

  test('a tee – prune in progress – waits a second, then passes the image through', async (t) => {
    const events = listen(t);
    const { cache, over, gate } = await pruning(open, t);
    const started = performance.now();
    const teed = collect(cache.cachingIterator('next', [image]));
    assert.deepEqual(await within(5000, teed, 'the tee'), { chunks: [image], bytes: image });
    assert(performance.now() - started >= 900);
    assert.equal(await cache.driver.isCached('next'), false);
    assert.deepEqual(
      events.error.map(({ operation, error }) => [operation, error.name]),
      [['open', 'TimeoutError']],
    );
    gate.open();
    await over;
    await collect(cache.cachingIterator('next', [image]));
    assert.equal(await cache.driver.isCached('next'), true);
  });

  test('commits – during a prune – are counted', async (t) => {
    const at = gate();
    const evictTo = async (driver, ...args) => {
      const result = await driver.evictTo(...args);
      await at.pass();
      return result;
    };
    const cache = await open(t, { maxSize: 1500 }, { evictTo });
    const tees = ['a', 'b', 'c'].map((id) => cache.cachingIterator(id, [image]));
    for (const tee of tees) await tee.next();
    await cache.cacheImage('first', [image]);
    const over = cache.cacheImage('over', [image]);
    await at.reached;
    for (const tee of tees) await tee.next();
    assert.equal(await cache.driver.getCacheSize(), 4000);
    at.open();
    await over;
    assert.equal(await cache.driver.getCacheSize(), 1000);
  });

  test('close() – prune in progress – waits for it', async (t) => {
    const { cache, over, gate } = await pruning(open, t);
    const closing = cache.close();
    await sleep(50);
    assert.equal(await Promise.race([closing, 'waiting']), 'waiting');
    gate.open();
    assert.deepEqual(await Promise.all([closing, over]), [undefined, true]);
    assert.equal(await cache.driver.getCacheSize(), 1000);
  });

  test('close() – prune takes too long – aborts it, without an error', async (t) => {
    const events = listen(t);
    let signal;
    const evictTo = (_driver, _target, options) => {
      signal = options.signal;
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { cache, over, gate } = await pruning(open, t, { evictTo });
    gate.open();
    const closing = cache.close();
    await sleep(50);
    assert.equal(signal.aborted, false);
    t.mock.timers.tick(5000);
    await closing;
    assert.equal(await over, true);
    assert.deepEqual(events.error, []);
  });

  test('a commit – after close() – starts no prune', async (t) => {
    let evictions = 0;
    const evictTo = (driver, ...args) => {
      evictions += 1;
      return driver.evictTo(...args);
    };
    const cache = await open(t, { maxSize: 1500 }, { evictTo });
    await cache.driver.writeImage('before', image);
    const chunks = cache.cachingIterator('image', [image]);
    await chunks.next();
    await cache.close();
    await chunks.next();
    assert.equal(await cache.driver.isCached('image'), true);
    await setImmediate();
    assert.equal(evictions, 0);
  });
});

test('a cache’s own driver – prune in progress – is closed after it', async (t) => {
  const events = listen(t);
  const dir = await temporaryDirectory(t);
  for (let round = 0; round < 10; round++) {
    const cache = await openCache(t, { dir, maxSize: 1500 });
    await Promise.all(['a', 'b', 'c'].map((id) => collect(cache.cachingIterator(`${round}${id}`, [image]))));
    await cache.close();
  }
  const { driver } = await openCache(t, { dir });
  assert((await driver.getCacheSize()) <= 1500);
  assert.deepEqual(events.error, []);
});
