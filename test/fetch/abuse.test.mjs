import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';

import { XattrDriver } from '../../dist/index.js';
import { collect, openCache } from '../manager/support/caches.mjs';
import { listen } from '../manager/support/events.mjs';
import { bytesOf } from '../support/contents.mjs';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { openIn } from '../support/open-files.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { within } from '../support/within.mjs';
import { startHost } from './support/hosts.mjs';
import { barrier, origin, until } from './support/origin.mjs';
import { overSharedDrivers } from './support/places.mjs';

/** A leader in another process that has fetched up to a position, and waits there. */
async function leaderAt(t, dir, position) {
  const leader = await startHost(t, { dir, heldAt: position });
  leader.ask(1).catch(() => {});
  await leader.hear('at', ({ at }) => at >= position);
  return leader;
}

const firstBytes = bytesOf(200_000).subarray(0, 1_000);

async function* oneChunkThenNothing() {
  yield firstBytes;
  await new Promise(() => {});
}

const aborted = {
  'a tee': async (cache, signal) => {
    for await (const _ of cache.cachingIterator('a', oneChunkThenNothing(), { signal }));
  },
  cacheImage: (cache, signal) => cache.cacheImage('a', oneChunkThenNothing(), { signal }),
  'a write stream': (cache, signal) =>
    once(Readable.from(oneChunkThenNothing()).pipe(cache.driver.createWriteStream('a', { signal })), 'finish'),
  'an open writer': async (cache, signal) => {
    const writer = await cache.driver.openForWrite('a', { signal });
    await writer.write(firstBytes);
    return writer; // A writer that is collected gives up by itself.
  },
  'a source, by its own signal': async (cache, signal) => {
    const source = new Readable({ read() {}, signal });
    source.push(firstBytes);
    await cache.cacheImage('a', source);
  },
};
for (const [writer, write] of Object.entries(aborted)) {
  test(`an abort of ${writer} – followers – go on with their own source`, async (t) => {
    const dir = await temporaryDirectory(t);
    const [one, other] = [await openCache(t, { dir }), await openCache(t, { dir })];
    const stop = new AbortController();
    const writing = write(one, stop.signal).catch(() => {});
    await until(() => one.driver.isBeingCached('a'), 'the claim');
    const { fetch, fetches, bytes } = origin();
    const image = await other.getOrFetch('a', fetch);
    assert.equal(image.source, 'follow');
    const reading = collect(image);
    stop.abort(new Error('the caller’s reason'));
    const { bytes: got, error } = await within(5_000, reading, 'all bytes');
    assert.equal(error, undefined);
    assert(got.equals(bytes));
    assert.equal(fetches.length, 1);
    await writing;
  });
}

test('a writer that was taken over – passed by every reader – its file is closed', async (t) => {
  const dir = await temporaryDirectory(t);
  const [one, other] = [await openCache(t, { dir }), await openCache(t, { dir })];
  const writer = await one.driver.openForWrite('a');
  await writer.write(firstBytes);
  const gate = barrier(50_000);
  const { fetch, bytes } = origin({ pause: gate.pause, resumes: false });
  const reading = collect(await other.getOrFetch('a', fetch));
  const openBytes = async () => {
    const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
    return (await Promise.all(links)).filter((path) => path.startsWith(dir) && /\.d-|invalid\/a/.test(path));
  };
  await until(async () => (await openBytes()).length >= 2, 'the follower');
  await writer[Symbol.asyncDispose]();
  await gate.reached;
  // The new writer's own descriptor, and the one that this process reads through.
  await until(async () => (await openBytes()).length === 2, 'the old file is closed');
  gate.open();
  assert((await reading).bytes.equals(bytes));
});

for (const mode of ['shared', 'exclusive']) {
  test(`a dead writer’s token – another process’s ${mode} lock – is bypassed`, async (t) => {
    const dir = await temporaryDirectory(t);
    const leader = await leaderAt(t, dir, 50_000);
    const cache = await openCache(t, { dir, stalledAfterMs: 300 });
    const events = listen(t);
    const { fetch, fetches, bytes } = origin();
    const following = await cache.getOrFetch('a', fetch);
    const reading = collect(following);
    const token = join(dir, 'incomplete', 'a');
    // The lock is taken as soon as the writer's is released.
    const locking = lockInProcess(t, token, mode);
    await leader.end();
    await locking;
    const before = openIn(dir).length;
    for (const read of [reading, collect(await within(5_000, cache.getOrFetch('a', fetch), 'an image'))]) {
      const { bytes: got, error } = await within(10_000, read, 'all bytes');
      assert.equal(error, undefined);
      assert(got.equals(bytes));
    }
    assert.equal(fetches.length, 2);
    assert(openIn(dir).length <= before, 'no descriptor is left');
    assert(events.error.some(({ error }) => error.code === 'ERR_IMAGE_BUSY'));
  });
}

test('a leader – slow, but making progress – keeps its followers in the cache', async (t) => {
  const dir = await temporaryDirectory(t);
  const leader = await startHost(t, { dir, delayMs: 40 });
  leader.ask(1).catch(() => {});
  await leader.hear('at');
  const cache = await openCache(t, { dir, stalledAfterMs: 2_000 });
  const { fetch, fetches, bytes } = origin();
  assert((await collect(await cache.getOrFetch('a', fetch))).bytes.equals(bytes));
  assert.deepEqual(fetches, []);
});

test('readers of one fetch – foreign lock on the image – share one lockTimeoutMs', async (t) => {
  const driver = await XattrDriver.open({ dir: await temporaryDirectory(t), lockTimeoutMs: 300 });
  const cache = await openCache(t, { driver });
  const gate = barrier(100_000);
  const { fetch } = origin({ pause: gate.pause });
  const images = await Promise.all(Array.from({ length: 12 }, () => cache.getOrFetch('a', fetch)));
  await gate.reached;
  const names = await readdir(join(driver.dir, 'incomplete'));
  await lockInProcess(
    t,
    join(
      driver.dir,
      'incomplete',
      names.find((name) => name.startsWith('.d-')),
    ),
  );
  gate.open();
  const start = performance.now();
  const read = await Promise.all(images.map(collect));
  const milliseconds = performance.now() - start;
  assert(read.every(({ error }) => error === undefined));
  assert(milliseconds < 1_500, `${milliseconds} ms`);
});

test('readers of one fetch – 64 end together, hits in the pool – each is counted', async (t) => {
  const driver = await XattrDriver.open({ dir: await temporaryDirectory(t), inline: false });
  const cache = await openCache(t, { driver });
  for (let round = 0; round < 5; round++) {
    const gate = barrier();
    const { fetch } = origin({ size: 1_000, pause: gate.pause });
    const images = await Promise.all(Array.from({ length: 64 }, () => cache.getOrFetch(`a${round}`, fetch)));
    gate.open();
    await Promise.all(images.map(collect));
    assert.equal(await driver.getHitCount(`a${round}`), 64);
  }
});

/** Returns the outcome of `getOrFetch` of the first id, where the source of each image reads the next one. */
async function chain(caches, imageIds) {
  const fetchOf = (at) =>
    async function* () {
      const next = (at + 1) % imageIds.length;
      yield* await caches[at % caches.length].getOrFetch(imageIds[next], fetchOf(next));
    };
  return within(5_000, collect(await caches[0].getOrFetch(imageIds[0], fetchOf(0))), 'an end');
}

test('a fetch – reads its own image, directly or through others – ERR_FETCH_CYCLE', async (t) => {
  const dir = await temporaryDirectory(t);
  const caches = [await openCache(t, { dir }), await openCache(t, { dir })];
  for (const imageIds of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
    for (const some of [caches.slice(1), caches]) {
      assert.equal((await chain(some, imageIds)).error?.code, 'ERR_FETCH_CYCLE');
      assert.deepEqual(await readdir(join(dir, 'incomplete')), []);
    }
  }
});

test('a fetch past the cache – reads its own image – ERR_FETCH_CYCLE', async (t) => {
  const cache = await openCache(t);
  await writeFile(cache.driver.getImageFilepath('a', 'incomplete'), 'part of the image, by Glance');
  assert.equal((await chain([cache], ['a'])).error?.code, 'ERR_FETCH_CYCLE');
  await writeFile(cache.driver.getImageFilepath('b', 'incomplete'), 'part of the image, by Glance');
  assert.equal((await chain([cache], ['a', 'b'])).error?.code, 'ERR_FETCH_CYCLE');
});

overSharedDrivers('a shared fetch', (place, leaderAt) => {
  test('a stopped leader – stalledAfterMs has passed – its followers bypass the cache', async (t) => {
    const where = await place(t);
    await leaderAt(t, where, 50_000);
    const cache = await openCache(t, { ...where, stalledAfterMs: 200 });
    const { fetch, fetches, bytes } = origin();
    const image = await cache.getOrFetch('a', fetch);
    assert.equal(image.source, 'follow');
    const { bytes: got, error } = await within(5_000, collect(image), 'all bytes');
    assert.equal(error, undefined);
    assert(got.equals(bytes));
    assert.deepEqual(fetches, [50_000]);
  });

  test('a source – stalls – is stopped, and its consumer fetches again', async (t) => {
    const cache = await openCache(t, { ...(await place(t)), stalledAfterMs: 100 });
    const { fetch, bytes } = origin();
    const stalling = [];
    const first = (imageId, context) => {
      if (stalling.length > 0) return fetch(imageId, context);
      stalling.push(context.signal);
      return oneChunkThenNothing();
    };
    const { bytes: got, error } = await within(5_000, collect(await cache.getOrFetch('a', first)), 'all bytes');
    assert.equal(error, undefined);
    assert.equal(got.length, bytes.length);
    await until(() => stalling[0].aborted, 'the first fetch is stopped');
    await until(async () => !(await cache.driver.isBeingCached('a')), 'the claim is given up');
  });

  test('a body – fails during the copy of a dead leader’s bytes – is a typed error', async (t) => {
    const where = await place(t);
    const leader = await leaderAt(t, where, 50_000);
    const cache = await openCache(t, where);
    const image = await cache.getOrFetch('a', (_id, { offset }) => {
      const body = new Readable({ read() {} });
      body.destroy(new Error('connection reset'));
      const headers = new Headers({ 'content-range': `bytes ${offset}-${offset + 9}/${offset + 10}` });
      return { ok: true, status: 206, statusText: '', headers, body };
    });
    const reading = collect(image);
    await leader.end();
    const { error } = await within(5_000, reading, 'the error');
    assert.equal(error?.code, 'ERR_FETCH_FAILED');
    assert.match(error.message, /connection reset/);
  });

  test('two fetches – begin apart, wait for each other – ERR_FETCH_CYCLE', async (t) => {
    const cache = await openCache(t, await place(t));
    const begun = barrier();
    const both = new Set();
    const fetchOf = (mine, other) =>
      async function* () {
        both.add(mine);
        if (both.size === 2) begun.open();
        await begun.pause(0);
        yield* await cache.getOrFetch(other, fetchOf(other, mine));
      };
    const images = [await cache.getOrFetch('a', fetchOf('a', 'b')), await cache.getOrFetch('b', fetchOf('b', 'a'))];
    const read = await within(5_000, Promise.all(images.map(collect)), 'both ends');
    for (const { error } of read) assert.equal(error?.code, 'ERR_FETCH_CYCLE');
  });

  test('a fetch – reads another image twice – is no cycle', async (t) => {
    const cache = await openCache(t, await place(t));
    const part = origin({ size: 1_000 });
    async function* parts() {
      yield* await cache.getOrFetch('part', part.fetch);
      yield* await cache.getOrFetch('part', part.fetch);
    }
    const images = await Promise.all(['a', 'b'].map((imageId) => cache.getOrFetch(imageId, parts)));
    for (const { bytes, error } of await Promise.all(images.map(collect))) {
      assert.equal(error, undefined);
      assert.equal(bytes.length, 2_000);
    }
    assert.equal((await collect(await cache.getOrFetch('a', parts))).bytes.length, 2_000);
  });
});
