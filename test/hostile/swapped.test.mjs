// The directory, or a part of it, is exchanged for another while a driver has it open: the driver stays where it was.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { BadDriverConfiguration, XattrDriver } from '../../dist/index.js';
import { canary } from '../support/canary.mjs';
import { bytesOf } from '../support/contents.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { operations, outcomeOf, readsBytes, writesBytes, written } from './operations.mjs';

const parts = ['incomplete', 'invalid', 'queue', '.xattr-cache'];

const swaps = {
  'another directory in its place': (dir, outside) => renameSync(outside, dir),
  'a symlink in its place': (dir, outside) => symlinkSync(outside, dir),
  'nothing in its place': () => {},
};
for (const [what, swap] of Object.entries(swaps)) {
  test(`a driver – directory moved, ${what} – continues in the one it opened`, async (t) => {
    const { dir, driver } = await driverIn(t);
    const outside = await canary(t, ['odd', 'image']);
    const moved = `${dir}-moved`;
    renameSync(dir, moved);
    swap(dir, outside.dir);
    // A renamed file has another ctime and, from here on, another place.
    const back = () => what.startsWith('another') && renameSync(dir, outside.dir);

    for (const name of Object.keys(operations)) {
      driver.writeImageSync('odd', bytesOf(300));
      driver.queueImageSync('queued');
      const { status, value, reason } = await outcomeOf(name, driver, 'odd');
      assert.equal(status, 'fulfilled', `${name}: ${reason?.stack}`);
      if (readsBytes(name)) assert.deepEqual(value, bytesOf(300), name);
      if (writesBytes(name)) assert.deepEqual(await driver.readImage('odd'), written, name);
      assert.equal(existsSync(join(moved, 'odd')), await driver.isCached('odd'), name);
    }

    back();
    outside.whole(what, { renamed: what.startsWith('another') });
    if (what.startsWith('a symlink')) rmSync(dir);
    renameSync(moved, dir);
  });
}

test('a driver – parts replaced by symlinks – continues in those it opened', async (t) => {
  const { dir, driver } = await driverIn(t);
  const outside = await canary(t, ['odd', 'image']);
  await driver.evictTo(0);
  for (const part of parts) {
    renameSync(join(dir, part), join(dir, `.moved-${part}`));
    symlinkSync(join(outside.dir, part), join(dir, part));
  }

  for (const name of Object.keys(operations)) {
    driver.writeImageSync('odd', bytesOf(300));
    driver.queueImageSync('queued');
    const { status, value, reason } = await outcomeOf(name, driver, 'odd');
    // The pruners' corner is opened anew each time.
    if (name === 'evictTo') assert.equal(reason?.code, 'ERR_IO', name);
    else assert.equal(status, 'fulfilled', `${name}: ${reason?.stack}`);
    if (readsBytes(name)) assert.deepEqual(value, bytesOf(300), name);
    outside.untouched(name);
  }
  outside.whole('symlinks');
});

for (const part of parts.slice(0, 3)) {
  test(`a directory – ${part}/ is a symlink – is refused, and its target is left alone`, async (t) => {
    const dir = await temporaryDirectory(t);
    const outside = await canary(t);
    symlinkSync(join(outside.dir, part), join(dir, part));
    await assert.rejects(XattrDriver.open({ dir }), (error) => error instanceof BadDriverConfiguration);
    outside.whole(part);
  });
}

async function driverIn(t) {
  const dir = join(await temporaryDirectory(t), 'cache');
  mkdirSync(dir);
  return { dir, driver: await openDriver(t, { dir }) };
}
