// Commits, and at the same moment deletions and evictions of what is committed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { versionBytes } from '../support/versions.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { overlap } from './support/clock.mjs';
import { all, meetings as rounds, runTeam, untilMet } from './support/team.mjs';

const roles = new URL('./support/removing.mjs', import.meta.url);

/** Two pairs of one who commits and one who removes: one pair in two processes, the other two threads of one. */
async function commitsBeside(t, remover, options = {}) {
  const driver = await openDriver(t);
  const meetings = await temporaryDirectory(t);
  const role = (name, pair) => [name, { rounds, pair, meetings, ...options }];
  const processes = [
    [role('commit', 'processes')],
    [role(remover, 'processes')],
    [role('commit', 'threads'), role(remover, 'threads')],
  ];
  const reports = await runTeam(t, driver.dir, roles, processes);
  return { driver, commits: all(reports, 'commits'), reports };
}

/** Returns the wrong outcomes of commits and deletions that met, and how often they met. */
async function judgeDeletions({ driver, commits, reports }) {
  const removals = new Map(all(reports, 'removals').map((removal) => [removal.imageId, removal]));
  const wrong = [];
  let met = 0;
  let lost = 0;
  for (const commit of commits) {
    const { imageId, claimed, outcome } = commit;
    const removal = removals.get(imageId);
    if (overlap(commit, removal)) met += 1;
    if (outcome === 'ERR_CLAIM_LOST') lost += 1;
    else if (outcome !== 'committed') wrong.push(`${imageId}: the commit ended with ${outcome}`);
    if (removal.start > claimed && (await driver.isCached(imageId))) wrong.push(`${imageId} was deleted, and is there`);
  }
  return { wrong, met, lost };
}

test('a deletion – beside a commit, in either order – leaves no image', async (t) => {
  await untilMet(async () => {
    const run = await commitsBeside(t, 'remove');
    const { wrong, met, lost } = await judgeDeletions(run);

    t.diagnostic(`${run.commits.length} commits, ${met} beside a deletion, ${lost} lost their claim to it`);
    assert.deepEqual(wrong, []);
    assert.equal((await run.driver.getUsage()).incomplete, 0);
    return met > 0 && lost > 0 && lost < run.commits.length;
  }, 'a commit beside a deletion');
});

test('a deletion – image alone, not its writer (the control) – leaves an image', async (t) => {
  await untilMet(async () => {
    const { wrong, met } = await judgeDeletions(await commitsBeside(t, 'removeFile'));
    t.diagnostic(`${met} commits beside a deletion, ${wrong.length} images that are there all the same`);
    return wrong.length > 0;
  }, 'a loss without the look at the writer');
});

/** How commits over images and evictions that met came out. */
async function judgeEvictions({ driver, commits, reports }) {
  const evictions = all(reports, 'evictions');
  const reported = new Map();
  for (const { images } of evictions)
    for (const image of images) reported.set(image.imageId, [...(reported.get(image.imageId) ?? []), image.size]);
  const verdict = { met: 0, evicted: 0, swept: 0, wrong: [] };
  for (const commit of commits) {
    const { imageId, outcome } = commit;
    const sizes = reported.get(imageId) ?? [];
    const [old, committed] = ['old', 'new'].map((version) => versionBytes(imageId, version));
    if (evictions.some((eviction) => overlap(eviction, commit))) verdict.met += 1;
    if (sizes.includes(old.length)) verdict.evicted += 1;
    if (outcome !== 'committed') verdict.wrong.push(`${imageId}: the commit ended with ${outcome}`);
    const bytes = await driver.readImage(imageId);
    if (bytes && !bytes.equals(committed)) verdict.wrong.push(`${imageId} has wrong bytes`);
    if (!bytes && sizes.length === 0) verdict.wrong.push(`${imageId} is gone, and no eviction says so`);
    if (!bytes && !sizes.includes(committed.length)) verdict.swept += 1;
  }
  return verdict;
}

test('an eviction – beside a commit – removes what it reports, the rest is whole', async (t) => {
  await untilMet(async () => {
    const run = await commitsBeside(t, 'evict', { replace: true });
    const { met, evicted, swept, wrong } = await judgeEvictions(run);

    t.diagnostic(
      `${run.commits.length} commits, ${met} beside an eviction, ${evicted} images evicted, ${swept} swept along`,
    );
    assert.deepEqual(wrong, []);
    return met > 0 && evicted > 0;
  }, 'a commit beside an eviction');
});

test('an eviction – by listed name (the control) – removes a newer commit', async (t) => {
  await untilMet(async () => {
    const { met, swept } = await judgeEvictions(await commitsBeside(t, 'evictByName', { replace: true }));
    t.diagnostic(`${met} commits beside an eviction, ${swept} images swept along`);
    return swept > 0;
  }, 'a loss without another look');
});
