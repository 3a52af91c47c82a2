import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { getXattr } from '../../dist/index.js';
import { collect, openCache, tidiness } from '../manager/support/caches.mjs';
import { bytesOf } from '../support/contents.mjs';
import { MemoryDriver } from '../support/memory-driver.mjs';
import { openIn } from '../support/open-files.mjs';
import { runScript } from '../support/run-script.mjs';
import { SharedMemoryDriver } from '../support/shared-memory-driver.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { within } from '../support/within.mjs';
import { barrier, origin, until } from './support/origin.mjs';
import { overSharedDrivers } from './support/places.mjs';

/** A sanitizer keeps freed memory for a while. */
const sanitized = process.env.LD_PRELOAD ? 'memory cannot be measured under a sanitizer' : false;

test('a driver that is no SharedDriver – getOrFetch() and verify() – refuse it', async (t) => {
  const cache = await openCache(t, { driver: new MemoryDriver() });
  await assert.rejects(
    cache.getOrFetch('a', () => []),
    { code: 'ERR_INVALID_ARG_VALUE' },
  );
  await assert.rejects(cache.verify('a'), { code: 'ERR_INVALID_ARG_VALUE' });
});

test('close() – during a fetch – stops it, and its readers get ERR_NOT_OPEN', async (t) => {
  const dir = await temporaryDirectory(t);
  const cache = await openCache(t, { dir });
  const gate = barrier(100_000);
  const { fetch } = origin({ pause: gate.pause });
  const reading = Promise.all([
    cache.getOrFetch('a', fetch).then(collect),
    cache.getOrFetch('a', fetch, { finishFetch: true }).then(collect),
  ]);
  const idle = await cache.getOrFetch('a', fetch);
  await gate.reached;
  await within(2_000, cache.close(), 'closing');
  for (const { error } of await within(2_000, reading, 'the ends of the reads'))
    assert.equal(error?.code, 'ERR_NOT_OPEN');
  assert.equal((await collect(idle)).error?.code, 'ERR_NOT_OPEN');
  await assert.rejects(cache.getOrFetch('a', fetch), { code: 'ERR_NOT_OPEN' });
  await until(() => openIn(dir).length === 0, `nothing open, but ${openIn(dir)}`);
  const again = await openCache(t, { dir });
  assert.equal((await tidiness(again)).incomplete, 0);
});

test('close() – during a take-over – gives up the claim, and readers get ERR_NOT_OPEN', async (t) => {
  const driver = new SharedMemoryDriver();
  const cache = await openCache(t, { driver });
  const { writer } = await driver.acquire('a', {});
  const fetch = () => assert.fail('fetched');
  const images = [await cache.getOrFetch('a', fetch), await cache.getOrFetch('a', fetch)];
  const reading = Promise.all(images.map(collect));
  const acquire = driver.acquire.bind(driver);
  const releases = [];
  driver.acquire = async (...args) => {
    await new Promise((resolve) => releases.push(resolve));
    return acquire(...args);
  };
  writer.die();
  await until(() => releases.length > 0, 'the take-over');
  const closing = cache.close();
  await new Promise(setImmediate);
  assert.equal(releases.length, 1, 'two readers take over together');
  releases[0]();
  await within(2_000, closing, 'closing');
  for (const { error } of await within(2_000, reading, 'the ends of the reads')) {
    assert.equal(error?.code, 'ERR_NOT_OPEN');
  }
  assert.equal(await driver.isBeingCached('a'), false);
});

overSharedDrivers('a followed fetch', (place) => {
  // A reader that waits polls the state of the image; an idle one does not.
  for (const [what, readers] of Object.entries({ 'still read': 1, 'its reader idle': 0 })) {
    test(`a new caller – image complete, ${what}, deleted – fetches anew`, async (t) => {
      const where = await place(t);
      const leading = await openCache(t, where);
      const following = await openCache(t, where);
      const gate = barrier(100_000);
      const old = origin({ pause: gate.pause });
      const images = [await leading.getOrFetch('a', old.fetch)];
      const idle = await following.getOrFetch('a', old.fetch);
      for (let i = 0; i < readers; i++) images.push(await following.getOrFetch('a', old.fetch));
      const reading = Promise.all(images.map(collect));
      await gate.reached;
      gate.open();
      for (const { error } of await within(5_000, reading, 'the reads')) assert.equal(error, undefined);
      await following.driver.deleteCachedImage('a');

      const recent = origin({ bytes: bytesOf(50_000, 7) });
      const anew = await following.getOrFetch('a', recent.fetch);
      assert((await collect(anew)).bytes.equals(recent.bytes));
      assert.deepEqual(recent.fetches, [0]);
      assert((await collect(idle)).bytes.equals(old.bytes), 'an active reader gets all bytes');
      assert.deepEqual(old.fetches, [0]);
    });
  }
});

test('200 readers – end, leave or fail – leave no descriptor open', async (t) => {
  const dir = await temporaryDirectory(t);
  const caches = [await openCache(t, { dir }), await openCache(t, { dir })];
  const before = openIn(dir);
  for (const fails of [false, true]) {
    const gate = barrier(100_000);
    const { fetch } = origin({
      pause: gate.pause,
      end: () => {
        if (fails) throw new Error('cut');
      },
    });
    const images = await Promise.all(
      Array.from({ length: 200 }, (_, i) => caches[i % 2].getOrFetch(`${fails}`, fetch)),
    );
    const reading = images.map((image, i) => (i % 5 === 0 ? image.abort() : collect(image)));
    await gate.reached;
    // Each cache that follows or fetches has one, the writer and its token have theirs; readers have none.
    assert(openIn(dir).length - before.length <= 6, `${openIn(dir)}`);
    gate.open();
    await Promise.all(reading);
  }
  await until(() => openIn(dir).length === before.length, `all closed, but ${openIn(dir)}`);
});

test('a fetched image – dropped unread – ends its fetch like one that was left', async (t) => {
  const script = `
    const cache = await xattrCache.ImageCache.open({ dir: args[0] });
    await cache.getOrFetch('a', async function* () {
      for (;;) {
        yield Buffer.alloc(10);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    const fetching = () => cache.driver.isBeingCached('a');
    if (!(await fetching())) throw new Error('not begun');
    for (let tries = 0; (await fetching()) && tries < 500; tries++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log(await fetching());
    await cache.close();`;
  const dir = await temporaryDirectory(t);
  assert.equal(await runScript(script, [dir], { execArgv: ['--expose-gc'] }), 'false\n');
});

test('a fetch of 256 MiB – with a slow reader – needs bounded memory', { skip: sanitized }, async (t) => {
  const cache = await openCache(t);
  const chunk = Buffer.alloc(1024 * 1024, 5);
  const fetch = async function* () {
    for (let i = 0; i < 256; i++) yield chunk;
  };
  const image = await cache.getOrFetch('a', fetch);
  const slow = await cache.getOrFetch('a', fetch);
  const before = process.memoryUsage().rss;
  let most = 0;
  let size = 0;
  const measure = () => {
    most = Math.max(most, process.memoryUsage().rss - before);
  };
  for await (const bytes of image) {
    size += bytes.length;
    if (size % (16 * chunk.length) < bytes.length) measure();
  }
  for await (const _ of slow) {
    measure();
    break;
  }
  t.diagnostic(`resident memory grew by ${(most / 2 ** 20).toFixed(0)} MiB`);
  assert.equal(size, 256 * chunk.length);
  assert(most < 96 * 2 ** 20, `${most} bytes`);
});

test('close() – after a fetch – waits until the committed bytes are counted', async (t) => {
  const dir = await temporaryDirectory(t);
  const cache = await openCache(t, { dir, autoPrune: true });
  const { fetch, bytes } = origin();
  assert((await collect(await cache.getOrFetch('a', fetch))).bytes.equals(bytes));
  await cache.close();
  const counted = await getXattr(join(dir, '.xattr-cache'), 'xattr_cache.committed');
  assert.equal(String(counted), String(bytes.length));
});

overSharedDrivers('the end of a cache', (place) => {
  test('getOrFetch() – wrong arguments – are refused, and leave nothing', async (t) => {
    const cache = await openCache(t, await place(t));
    const fetch = () => assert.fail('fetched');
    for (const [code, ...args] of [
      ['ERR_INVALID_IMAGE_ID', '../a', fetch],
      ['ERR_INVALID_ARG_TYPE', 1, fetch],
      ['ERR_INVALID_ARG_TYPE', 'a', 'https://example.org'],
      ['ERR_INVALID_ARG_TYPE', 'a', fetch, null],
      ['ERR_INVALID_ARG_TYPE', 'a', fetch, { expectedSize: '5' }],
      ['ERR_OUT_OF_RANGE', 'a', fetch, { expectedSize: -1 }],
      ['ERR_INVALID_ARG_TYPE', 'a', fetch, { finishFetch: 1 }],
      ['ERR_INVALID_ARG_TYPE', 'a', fetch, { signal: {} }],
      ['ERR_INVALID_ARG_VALUE', 'a', fetch, { checksum: 'none' }],
      ['ERR_INVALID_ARG_TYPE', 'a', fetch, { checksum: 5 }],
    ]) {
      await assert.rejects(cache.getOrFetch(...args), { code }, code);
    }
    const reason = new Error('before');
    await assert.rejects(cache.getOrFetch('a', fetch, { signal: AbortSignal.abort(reason) }), reason);
    assert.deepEqual(await tidiness(cache), { incomplete: 0, invalid: 0 });
  });

  test('close() – readers in another cache – take over the fetch', async (t) => {
    const where = await place(t);
    const [one, other] = [await openCache(t, where), await openCache(t, where)];
    const gate = barrier(100_000);
    const stuck = origin({ pause: gate.pause });
    await one.getOrFetch('a', stuck.fetch, { finishFetch: true });
    await gate.reached;
    const { fetch, fetches, bytes } = origin();
    const reading = collect(await other.getOrFetch('a', fetch));
    await one.close();
    assert((await within(5_000, reading, 'all bytes')).bytes.equals(bytes));
    assert.deepEqual(fetches, [100_000]);
  });

  test('a complete image – cache closed meanwhile – is read to its end', async (t) => {
    const cache = await openCache(t, await place(t));
    const { fetch, bytes } = origin();
    const image = await cache.getOrFetch('a', fetch);
    await until(() => image.size !== undefined, 'complete');
    await cache.close();
    assert((await collect(image)).bytes.equals(bytes));
  });
});
