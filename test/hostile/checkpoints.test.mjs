// Checkpoints of directories that older versions left, that others change, and under a clock that jumps.

import assert from 'node:assert/strict';
import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { setXattrSync, XattrDriver } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { mountForSuite, needsFileSystem } from '../support/file-systems.mjs';
import { pretendReboot } from '../support/reboot.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

const kind = { type: 'ext4' };
const never = 3_600_000;
const yearSeconds = 365 * 86_400;

describe('checkpoints', { skip: needsFileSystem(kind) }, () => {
  const mounted = mountForSuite(kind);
  const open = (t, dir) => openDriver(t, { dir, durability: 'checkpoint', checkpointIntervalMs: never });
  const freshDirectory = (t) => temporaryDirectory(t, { under: mounted.dir });

  /** Resolves to the images that are served after a reboot. */
  async function servedAfterReboot(t, dir) {
    pretendReboot(dir);
    const driver = await open(t, dir);
    return (await driver.getCachedImages()).map(({ imageId }) => imageId).sort();
  }

  test('a directory of an older version – opened – keeps every image', async (t) => {
    const dir = await freshDirectory(t);
    plantImage(dir, 'old', yearSeconds);
    plantImage(dir, 'new', 0);
    const driver = await open(t, dir);
    for (const id of ['old', 'new']) assert.deepEqual(await driver.readImage(id), bytesOf(300), id);
    await driver.writeImage('vouched', bytesOf(300));
    await driver.checkpoint();
    await driver.writeImage('doubtful', bytesOf(300));

    assert.deepEqual(await servedAfterReboot(t, dir), ['new', 'old', 'vouched']);
  });

  test('a clock ahead by 30 years and back – a reboot – drops the doubtful alone', async (t) => {
    const dir = await freshDirectory(t);
    const driver = await open(t, dir);
    await driver.writeImage('before', bytesOf(300));
    await driver.checkpoint();
    moveClockAhead(dir, 30 * yearSeconds); // Another process made a checkpoint then.
    await driver.writeImage('after', bytesOf(300));
    await driver.checkpoint();
    await driver.writeImage('doubtful', bytesOf(300));

    assert.deepEqual(await servedAfterReboot(t, dir), ['after', 'before']);
    assert.deepEqual(await servedAfterReboot(t, dir), ['after', 'before'], 'after one more reboot');
  });

  test('.xattr-cache – removed while two drivers run – is made anew, with a voucher', async (t) => {
    const dir = await freshDirectory(t);
    const [one, other] = [await open(t, dir), await open(t, dir)];
    await one.writeImage('before', bytesOf(300));
    await one.checkpoint();

    rmSync(join(dir, '.xattr-cache'), { recursive: true });
    await other.writeImage('between', bytesOf(300));
    await one.checkpoint();
    assert.equal((await one.getCheckpointState()).doubtfulImages, 0);
    await other.writeImage('doubtful', bytesOf(300));
    assert.equal((await one.getCheckpointState()).doubtfulImages, 1);

    assert.deepEqual(await servedAfterReboot(t, dir), ['before', 'between']);
  });

  test('.xattr-cache – removed, then closed – is vouched for by the end', async (t) => {
    const dir = await freshDirectory(t);
    const driver = await XattrDriver.open({ dir, durability: 'checkpoint', checkpointIntervalMs: never });
    rmSync(join(dir, '.xattr-cache'), { recursive: true });
    await driver.writeImage('image', bytesOf(300));
    await driver.close();
    assert.deepEqual(await servedAfterReboot(t, dir), ['image']);
  });
});

/** As Glance, or a version of this package that made no checkpoints, leaves it. */
function plantImage(dir, id, ageSeconds) {
  const path = join(dir, id);
  writeFileSync(path, bytesOf(300));
  setXattrSync(path, 'hits', '0');
  const time = Date.now() / 1000 - ageSeconds;
  utimesSync(path, time, time);
}

function moveClockAhead(dir, seconds) {
  const path = join(dir, '.xattr-cache', 'clock');
  const reading = readFileSync(path);
  reading.writeBigInt64LE(reading.readBigInt64LE() + BigInt(seconds) * 1_000_000_000n);
  writeFileSync(path, reading, { flag: 'r+' });
}
