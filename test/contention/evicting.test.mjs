// Evictions in several processes and threads, beside hits and beside each other.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isFull } from '../support/scale.mjs';
import { versionBytes, versionIn } from '../support/versions.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { overlap } from './support/clock.mjs';
import { imageIds } from './support/evicting.mjs';
import { all, runTeam, sum, untilMet } from './support/team.mjs';

const roles = new URL('./support/evicting.mjs', import.meta.url);

/** What hits beside an evictor come to. The access is not written, since an image read after the walk would stay. */
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

test('every hit is either on a file or in the report of an eviction', async (t) => {
  await untilMet(async () => {
    const { counted, onFiles, reported, evictions, evictedUnderAReader } = await hitsBeside(t, 'evictAndRefill');
    assert.equal(onFiles + reported, counted);
    return evictions > 3 && evictedUnderAReader > 0;
  }, 'an eviction under a reader');
});

test('hits are lost between a look at them and the removal (the control)', async (t) => {
  await untilMet(async () => {
    const { counted, onFiles, reported } = await hitsBeside(t, 'removeAndRefill');
    return onFiles + reported < counted;
  }, 'a loss without the lock');
});

const images = isFull ? 5_000 : 400;

/** What several who prune at once have freed. */
async function prunesTogether(t, pruner) {
  const driver = await openDriver(t);
  for (let i = 0; i < images; i++) driver.writeImageSync(`${i}`, versionBytes(`${i}`, 1, 3));
  const before = await driver.getCacheSize();
  const target = Math.floor(before / 2);
  const prune = [pruner, { target }];

  const reports = await runTeam(t, driver.dir, roles, [[prune, prune], [prune]]);

  const [first, ...others] = [...reports].sort((a, b) => a.start - b.start);
  const result = {
    left: await driver.getCacheSize(),
    largest: Math.max(...(await driver.getCachedImages()).map(({ size }) => size)),
    target,
    freed: sum(reports, 'bytes'),
    before,
    met: others.filter((other) => overlap(first, other)).length,
  };
  t.diagnostic(JSON.stringify({ images, pruners: reports.length, ...result }));
  return { driver, reports, ...result };
}

test('several who prune at once together free what one would', async (t) => {
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

test('several who prune without regard to each other free too much (the control)', async (t) => {
  await untilMet(async () => {
    const { left, largest, target } = await prunesTogether(t, 'pruneAlone');
    return left < target - largest;
  }, 'a loss without the lock');
});
