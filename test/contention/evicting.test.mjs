// Evictions in several processes and threads, beside hits and beside each other.

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';

import { defer } from '../support/defer.mjs';
import { isFull } from '../support/scale.mjs';
import { versionBytes, versionIn } from '../support/versions.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { overlap } from './support/clock.mjs';
import { imageIds } from './support/evicting.mjs';
import { all, runTeam, sum, untilMet } from './support/team.mjs';

const roles = new URL('./support/evicting.mjs', import.meta.url);

/** Counts hits beside an evictor. The access is not written, since an image read after the walk would stay. */
async function hitsBeside(t, evictor) {
  const driver = await openDriver(t);
  for (const imageId of imageIds) await driver.writeImage(imageId, versionBytes(imageId, 0));
  const hit = ['hit', { driver: { accessResolutionMs: 3_600_000 } }];
  const reports = await runTeam(t, driver.dir, roles, [[hit, hit], [hit, [evictor]], [hit]]);
  const hits = await Promise.all(imageIds.map((imageId) => driver.getHitCount(imageId)));
  const onFiles = hits.reduce((total, count) => total + count, 0);
  const figures = { counted: sum(reports, 'hits'), onFiles, reported: sum(reports, 'reported') };
  const met = { evictions: sum(reports, 'evictions'), evictedUnderAReader: sum(reports, 'evicted') };
  t.diagnostic(JSON.stringify({ ...figures, ...met }));
  return { ...figures, ...met };
}

test('a hit – reads beside evictions – is on a file or in an eviction’s report', async (t) => {
  await untilMet(async () => {
    const { counted, onFiles, reported, evictions, evictedUnderAReader } = await hitsBeside(t, 'evictAndRefill');
    assert.equal(onFiles + reported, counted);
    return evictions > 3 && evictedUnderAReader > 0;
  }, 'an eviction under a reader');
});

test('a hit – counts read before an unlocked removal (the control) – is lost', async (t) => {
  await untilMet(async () => {
    const { counted, onFiles, reported } = await hitsBeside(t, 'removeAndRefill');
    return onFiles + reported < counted;
  }, 'a loss without the lock');
});

test('an image – read or replaced after the walk, before its turn – stays', async (t) => {
  const driver = await openDriver(t);
  const ids = Array.from({ length: 200 }, (_, i) => String(1000 + i)); // More than go in one step.
  for (const imageId of ids) driver.writeImageSync(imageId, versionBytes(imageId, 1, 3));
  let begun = false;
  const meanwhile = ({ dir }) => {
    if (begun || dir !== driver.dir) return;
    begun = true;
    driver.readImageSync('1198');
    driver.writeImageSync('1199', versionBytes('1199', 2, 3));
  };
  subscribe('xattr-cache:evict', meanwhile);
  defer(t, () => unsubscribe('xattr-cache:evict', meanwhile));

  const { images } = await driver.evictTo(0);

  assert.equal(images.length, 198);
  assert.equal(await driver.getHitCount('1198'), 1);
  assert.equal(versionIn('1199', await driver.readImage('1199')), '2');
});

const images = isFull ? 5_000 : 400;

/** Runs several concurrent prunes, and returns the bytes that they freed and the figures that judge them. */
async function prunesTogether(t, pruner, others = []) {
  const driver = await openDriver(t);
  for (let i = 0; i < images; i++) driver.writeImageSync(`${i}`, versionBytes(`${i}`, 1, 3));
  const before = await driver.getCacheSize();
  const target = Math.floor(before / 2);
  const prune = [pruner, { target }];

  const team = await runTeam(t, driver.dir, roles, [[prune, prune], [prune], ...others]);

  const reports = team.filter(({ files }) => files !== undefined);
  const [first, ...rest] = [...reports].sort((a, b) => a.start - b.start);
  const result = {
    left: await driver.getCacheSize(),
    largest: Math.max(...(await driver.getCachedImages()).map(({ size }) => size)),
    target,
    freed: sum(reports, 'bytes'),
    before,
    hits: sum(team, 'hits'),
    met: rest.filter((other) => overlap(first, other)).length,
  };
  t.diagnostic(JSON.stringify({ images, pruners: reports.length, ...result }));
  return { driver, reports, ...result };
}

test('concurrent prunes – idle cache – together free as much as one', async (t) => {
  await untilMet(async () => {
    const { driver, reports, left, largest, target, freed, before, met } = await prunesTogether(t, 'prune');

    assert(left <= target && left > target - largest, `${left} bytes are left, ${target} was the target`);
    assert.equal(before - freed, left);
    const ids = all(reports, 'images').map(({ imageId }) => Number(imageId));
    const coldest = Array.from(ids, (_, i) => i);
    assert.deepEqual(
      ids.sort((a, b) => a - b),
      coldest,
      'each went once, the coldest first',
    );
    for (const { imageId } of await driver.getCachedImages()) versionIn(imageId, await driver.readImage(imageId));
    return met > 0;
  }, 'a prune beside another');
});

test('concurrent prunes – images being read – together free as much as one', async (t) => {
  await untilMet(async () => {
    const reader = ['readAll', { images }];
    const { left, largest, target, freed, before, met, hits } = await prunesTogether(t, 'prune', [[reader]]);

    assert(left <= target && left > target - largest, `${left} bytes are left, ${target} was the target`);
    assert.equal(before - freed, left);
    return met > 0 && hits > 0;
  }, 'a prune beside another, and readers');
});

test('concurrent prunes – uncoordinated (the control) – free too much', async (t) => {
  await untilMet(async () => {
    const { left, largest, target } = await prunesTogether(t, 'pruneAlone');
    return left < target - largest;
  }, 'a loss without the lock');
});
