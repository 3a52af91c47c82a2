import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { collect, openCache, tidiness } from '../manager/support/caches.mjs';
import { isFull } from '../support/scale.mjs';
import { randomNumbers, seed } from '../support/seed.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { startHost, startThread } from './support/hosts.mjs';
import { barrier, origin, until } from './support/origin.mjs';
import { overSharedDrivers } from './support/places.mjs';

const size = 200_000;
const chunkSize = 10_000;
const kills = isFull ? 100 : 6;

/** Returns the milliseconds from `end()` to the start of the fetch that takes over. */
async function timeTakeOver(end, fetches) {
  const start = performance.now();
  await end();
  await until(() => fetches.length > 0, 'taken over');
  return performance.now() - start;
}

/** A leader in another process that has fetched up to a position, and waits there. */
async function leaderAt(t, dir, position, start = startHost) {
  const leader = await start(t, { dir, heldAt: position });
  leader.ask(1).catch(() => {});
  await leader.hear('at', ({ at }) => at >= position);
  return leader;
}

test('a leader – killed at a random byte – is taken over once, no consumer notices', async (t) => {
  t.diagnostic(`seed ${seed}`);
  const random = randomNumbers();
  const times = [];
  for (let kill = 0; kill < kills; kill++) {
    const dir = await temporaryDirectory(t);
    const resumes = kill % 2 === 0;
    const at = Math.floor((random() * size) / chunkSize) * chunkSize;
    const leader = await leaderAt(t, dir, at);
    const caches = [await openCache(t, { dir }), await openCache(t, { dir })];
    const { fetch, fetches, bytes } = origin({ resumes });
    const images = await Promise.all(Array.from({ length: 10 }, (_, i) => caches[i % 2].getOrFetch('a', fetch)));
    const reading = Promise.all(images.map(collect));
    times.push(await timeTakeOver(leader.end, fetches));
    for (const { bytes: got, error } of await reading) {
      assert.equal(error, undefined);
      assert(got.equals(bytes));
    }
    assert.deepEqual(fetches, [at]);
    assert.equal(await caches[0].driver.getHitCount('a'), 10);
    assert.equal((await tidiness(caches[0])).incomplete, 0);
  }
  times.sort((a, b) => a - b);
  t.diagnostic(
    `${kills} kills: taken over in ${times[kills >> 1].toFixed(0)} ms, at most ${times.at(-1).toFixed(0)} ms`,
  );
  assert(times.at(-1) <= 1_000, `${times.at(-1)} ms`);
});

test('a dead leader – its follower has read nothing yet – all its bytes are copied', async (t) => {
  const dir = await temporaryDirectory(t);
  const leader = await leaderAt(t, dir, 100_000);
  const cache = await openCache(t, { dir });
  const { fetch, fetches, bytes } = origin();
  const slow = async (...args) => {
    await sleep(200); // By then, the follower waits in the new image.
    return fetch(...args);
  };
  const image = await cache.getOrFetch('a', slow);
  const reading = collect(image.createReadStream({ start: 150_000 }));
  await leader.end();
  assert((await reading).bytes.equals(bytes.subarray(150_000)));
  assert.deepEqual(fetches, [100_000]);
  assert((await cache.driver.readImage('a'))?.equals(bytes));
});

test('a leader – killed while it writes – leaves every consumer with right bytes', async (t) => {
  const random = randomNumbers();
  let takeOvers = 0;
  for (let kill = 0; kill < kills; kill++) {
    const dir = await temporaryDirectory(t);
    const leader = await startHost(t, { dir, chunkSize: 1_000 });
    const cache = await openCache(t, { dir });
    const { fetch, fetches, bytes } = origin({ resumes: kill % 2 === 0 });
    leader.ask(1).catch(() => {});
    await leader.hear('at');
    const images = await Promise.all([cache.getOrFetch('a', fetch), cache.getOrFetch('a', fetch)]);
    const reading = Promise.all(images.map(collect));
    await sleep(random() * 30);
    await leader.end();
    for (const { bytes: got, error } of await reading) {
      assert.equal(error, undefined);
      assert(got.equals(bytes));
    }
    assert(fetches.length <= 1);
    takeOvers += fetches.length;
    // A leader that was killed after the last byte leaves its token, and needs no take-over.
    if (fetches.length > 0) assert.equal((await tidiness(cache)).incomplete, 0);
    assert((await collect(await cache.getOrFetch('a', fetch))).bytes.equals(bytes));
    await cache.clean();
    assert.equal((await tidiness(cache)).incomplete, 0);
  }
  t.diagnostic(`${kills} kills, ${takeOvers} take-overs`);
});

test('two processes – lose their leader concurrently – one of them goes on', async (t) => {
  const dir = await temporaryDirectory(t);
  const leader = await leaderAt(t, dir, 20_000);
  const others = await Promise.all([0, 1].map(() => startHost(t, { dir, delayMs: 1 })));
  const asking = others.map((other) => other.ask(5));
  await Promise.all(others.map(({ hear }) => hear('asked')));
  await leader.end();
  const answers = await Promise.all(asking);
  assert.deepEqual(new Set(answers.flatMap(({ results }) => results)), new Set(['right']));
  assert.equal(answers.flatMap(({ fetches }) => fetches).length, 1);
});

test('a leader – its worker thread is terminated – is taken over quickly', async (t) => {
  const dir = await temporaryDirectory(t);
  const cache = await openCache(t, { dir });
  const thread = await leaderAt(t, dir, 20_000, startThread);
  const { fetch, fetches, bytes } = origin();
  const reading = collect(await cache.getOrFetch('a', fetch));
  const milliseconds = await timeTakeOver(thread.end, fetches);
  t.diagnostic(`taken over in ${milliseconds.toFixed(0)} ms`);
  assert((await reading).bytes.equals(bytes));
  assert(milliseconds <= 500, `${milliseconds} ms`);
});

overSharedDrivers('a dead leader', (place, leaderAt) => {
  test('a source – changed since the leader’s death – fails readers of a prefix alone', async (t) => {
    const where = await place(t);
    const cache = await openCache(t, where);
    const leader = await leaderAt(t, where, 50_000);
    const gate = barrier();
    const changed = origin({ bytes: Buffer.alloc(size, 7), resumes: false, pause: gate.pause });
    const early = (await cache.getOrFetch('a', changed.fetch)).createReadStream();
    await new Promise((resolve) => early.once('readable', resolve));
    await leader.end();
    const failing = collect(early);
    await gate.reached;
    const late = await cache.getOrFetch('a', changed.fetch);
    gate.open();
    const [failed, read] = await Promise.all([failing, collect(late)]);
    assert.equal(failed.error?.code, 'ERR_FETCH_FAILED');
    assert.match(failed.error.message, /other bytes than before/);
    assert.equal(read.error, undefined);
    assert(read.bytes.equals(changed.bytes));
  });

  test('a source – shorter than the prefix that was read – fails its reader', async (t) => {
    const where = await place(t);
    const cache = await openCache(t, where);
    const leader = await leaderAt(t, where, 50_000);
    const shorter = origin({ size: 100, resumes: false });
    const early = (await cache.getOrFetch('a', shorter.fetch)).createReadStream();
    await new Promise((resolve) => early.once('readable', resolve));
    await leader.end();
    assert.match((await collect(early)).error?.message ?? '', /other bytes than before/);
  });

  test('a fetch that took over – checksum – covers the dead leader’s bytes, too', async (t) => {
    for (const bytes of [undefined, Buffer.alloc(size, 7)]) {
      const where = await place(t);
      const cache = await openCache(t, where);
      const leader = await leaderAt(t, where, 50_000);
      const rest = origin(bytes && { bytes });
      const checksum = `sha256-${createHash('sha256').update(rest.bytes).digest('base64')}`;
      const reading = collect(await cache.getOrFetch('a', rest.fetch, { checksum }));
      await leader.end();
      const { bytes: got, error } = await reading;
      assert.deepEqual(rest.fetches, [50_000]);
      assert.equal(error?.code, bytes && 'ERR_CHECKSUM_MISMATCH');
      if (!bytes) assert(got.equals(rest.bytes));
      assert.equal(await cache.driver.isCached('a'), bytes === undefined);
    }
  });
});
