// Several processes and threads that overwrite one image, while others read it and count their hits.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { versionBytes, versionIn } from '../support/versions.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { all, runTeam, sum, untilMet } from './support/team.mjs';

const roles = new URL('./support/writing.mjs', import.meta.url);

async function overwriting(t, writer, reader) {
  const driver = await openDriver(t);
  await driver.writeImage('image', versionBytes('image', 'first'));
  const processes = [
    [[writer], [reader]],
    [[writer], [reader]],
    [[reader], [writer]],
  ];
  return { driver, reports: await runTeam(t, driver.dir, roles, processes) };
}

test('concurrent puts – one image – the last wins, whole, with its own hits', async (t) => {
  await untilMet(async () => {
    const { driver, reports } = await overwriting(t, 'overwrite', 'read');

    const puts = all(reports, 'puts');
    const uncounted = sum(reports, 'uncounted');
    t.diagnostic(`${puts.length} puts, ${sum(reports, 'reads')} reads, ${uncounted} of what was overwritten meanwhile`);
    assert.equal(sum(reports, 'torn'), 0);
    const hits = await driver.getHitCount('image');
    const last = versionIn('image', await driver.readImage('image'));
    const winner = puts.find(({ version }) => version === last);
    assert(
      puts.every(({ start }) => start <= winner.end),
      'a put that began after it had ended was overwritten by it',
    );
    assert.equal(hits, all(reports, 'hits').filter((version) => version === last).length);
    assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
    return uncounted > 0 && puts.length > 10;
  }, 'an overwrite under a reader');
});

test('a reader – image overwritten in place (the control) – gets mixed bytes', async (t) => {
  await untilMet(async () => {
    const { reports } = await overwriting(t, 'overwriteInPlace', 'readFiles');

    const torn = sum(reports, 'torn');
    t.diagnostic(`${all(reports, 'puts').length} puts, ${sum(reports, 'reads')} reads, ${torn} of them wrong`);
    return torn > 0;
  }, 'a wrong byte without a rename');
});
