// Several processes and threads that all want to write one image.

import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { plantDeadWriter } from '../support/dead-writer.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { versionBytes, versionIn } from '../support/versions.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { crowd, runTeam, sum, untilMet } from './support/team.mjs';

const roles = new URL('./support/writing.mjs', import.meta.url);
const plant = new URL('../support/dead-writer.mjs', import.meta.url).href;

/** A cache, and a name beside it that each writer takes for itself. */
async function fresh(t) {
  const driver = await openDriver(t);
  return { driver, witness: join(await temporaryDirectory(t), 'witness') };
}

test('a claim – many claim one image – has one holder, whose commit is whole', async (t) => {
  await untilMet(async () => {
    const { driver, witness } = await fresh(t);
    const reports = await runTeam(t, driver.dir, roles, crowd('claim', { witness }));

    const claims = sum(reports, 'claims');
    const busy = sum(reports, 'busy');
    t.diagnostic(`${claims} claims, refused ${busy} times`);
    assert.equal(sum(reports, 'overlaps'), 0);
    assert.equal(sum(reports, 'lost'), 0);
    versionIn('image', await driver.readImage('image'));
    assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
    return claims > 1 && busy > 1;
  }, 'a claim of what another had');
});

test('a claim – token checked, then made (the control) – has two holders', async (t) => {
  await untilMet(async () => {
    const { driver, witness } = await fresh(t);
    const reports = await runTeam(t, driver.dir, roles, crowd('claimByLooking', { witness }));

    t.diagnostic(`${sum(reports, 'claims')} claims, ${sum(reports, 'overlaps')} of them of what another had`);
    return sum(reports, 'overlaps') > 0;
  }, 'a loss without the claim');
});

/** Claims, dead writers and a reaper, all concurrently. */
async function besideReapers(t, reaper) {
  const { driver, witness } = await fresh(t);
  const claim = ['claim', { witness }];
  const processes = [
    [claim, ['die', { plant }]],
    [claim, [reaper]],
    [[reaper], ['die', { plant }]],
  ];
  const reports = await runTeam(t, driver.dir, roles, processes);
  const figures = {};
  for (const key of ['claims', 'busy', 'overlaps', 'lost', 'deaths', 'looks', 'reaped'])
    figures[key] = sum(reports, key);
  t.diagnostic(JSON.stringify(figures));
  return { driver, ...figures };
}

test('dead writers – claims and reaps concurrently – are retired, live ones stay', async (t) => {
  await untilMet(async () => {
    const { driver, overlaps, lost, deaths, reaped } = await besideReapers(t, 'reap');

    assert.equal(overlaps, 0);
    assert.equal(lost, 0, 'a live writer lost its bytes');
    await driver.reapStalled();
    assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
    return reaped > 0 && deaths > reaped;
  }, 'a dead writer taken over and another reaped');
});

test('a reaper – removes by name after a look (the control) – harms live writers', async (t) => {
  await untilMet(async () => {
    const { overlaps, lost } = await besideReapers(t, 'reapByName');
    return overlaps + lost > 0;
  }, 'a loss without the look under the lock');
});

test('a writer – its token removed by hand – leaves the next writer’s token alone', async (t) => {
  const driver = await openDriver(t);
  const token = join(driver.dir, 'incomplete', 'image');
  for (const end of ['commit', 'rollback']) {
    const robbed = await driver.openForWrite('image');
    await rm(token);
    const next = await driver.openForWrite('image');

    await robbed[end]('the end');

    assert.equal(await driver.isBeingCached('image'), true);
    await assert.rejects(driver.openForWrite('image'), { code: 'ERR_IMAGE_BUSY' });
    await next.write(versionBytes('image', end));
    await next.commit();
    assert.equal(versionIn('image', await driver.readImage('image')), end);
  }
});

test('a dead writer – as these tests leave it – is dead to the cache', async (t) => {
  const driver = await openDriver(t);
  assert(plantDeadWriter(driver.dir, 'image', versionBytes('image', 1)));
  assert.equal((await driver.getUsage()).incomplete, 1);
  assert.equal(await driver.isBeingCached('image'), false);
  assert.equal(await driver.reapStalled(1e6), 1);
  assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
});
