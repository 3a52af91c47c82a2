// Writes that fail in the background: the page cache still has the right bytes, and the disk never gets them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

import { XattrDriver } from '../../dist/index.js';
import { listen } from '../manager/support/events.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { contentsOf, faultOf } from './support/contents.mjs';
import { startDisk } from './support/disk.mjs';
import { needsDisk } from './support/needs-disk.mjs';

const size = 300_000;
const never = 3_600_000;
const kept = contentsOf('kept', 1, size);
const damaged = contentsOf('damaged', 1, size);
const later = contentsOf('later', 1, size);

for (const type of ['ext4', 'xfs', 'btrfs']) {
  const skip = needsDisk(type);

  test(`a failed write on ${type} – next checkpoint – the image is dropped`, { skip }, async (t) => {
    const disk = await startDisk(t, type);
    const dir = join(disk.live, 'cache');
    const { checkpoint: checkpoints } = listen(t);
    const driver = await XattrDriver.open({ dir, checkpointIntervalMs: never });
    await driver.writeImage('kept', kept);
    await driver.checkpoint();
    await driver.writeImage('damaged', damaged);
    await disk.failWrites(1);

    await assert.rejects(driver.checkpoint(), { code: 'ERR_IO' });

    assert.equal(checkpoints.at(-1).error?.syscall, 'syncfs');
    assert.equal(await driver.isCached('damaged'), false);
    assert.deepEqual(await driver.readImage('kept'), kept);
    await driver.writeImage('later', later);
    await driver.checkpoint();
    await driver.close();
    disk.cool();

    const opened = await openDriver(t, { dir });
    assert.deepEqual(await opened.readImage('kept'), kept);
    assert.deepEqual(await opened.readImage('later'), later);
    assert.equal(await opened.readImage('damaged'), undefined);
  });

  test(`a failed write on ${type} – open in another process – both drop the image`, { skip }, async (t) => {
    const disk = await startDisk(t, type);
    const dir = join(disk.live, 'cache');
    const hears = await XattrDriver.open({ dir, checkpointIntervalMs: never });
    const writes = await XattrDriver.open({ dir, checkpointIntervalMs: never });
    await writes.writeImage('damaged', damaged);
    const growing = await writes.openForWrite('growing');
    await growing.write(contentsOf('growing', 1, size).subarray(0, 200_000));
    await disk.failWrites(2);

    await assert.rejects(hears.checkpoint(), { code: 'ERR_IO' });
    await growing.write(contentsOf('growing', 1, size).subarray(200_000));
    await growing.commit().catch((error) => assert.equal(error.code, 'ERR_IO'));
    await writes.checkpoint().catch((error) => assert.equal(error.code, 'ERR_IO'));
    await writes.close();
    await hears.close();
    disk.cool();

    const opened = await openDriver(t, { dir });
    for (const id of ['damaged', 'growing']) {
      const bytes = await opened.readImage(id);
      assert.equal(bytes && faultOf(id, bytes), undefined, id);
    }
  });

  test(`control: a failed write on ${type} – no checkpoint – wrong bytes are served`, { skip }, async (t) => {
    const disk = await startDisk(t, type);
    const dir = join(disk.live, 'cache');
    const driver = await XattrDriver.open({ dir, durability: 'none' });
    await driver.writeImage('damaged', damaged);
    await disk.failWrites(1);
    assert.throws(() => execFileSync('sync', ['--file-system', disk.live], { stdio: 'ignore' }));
    assert.deepEqual(await driver.readImage('damaged'), damaged);
    await driver.close();
    disk.cool();

    const opened = await openDriver(t, { dir });
    const bytes = await opened.readImage('damaged').catch(({ code }) => code);
    assert.notEqual(typeof bytes === 'string' ? bytes : faultOf('damaged', bytes), undefined);
  });
}
