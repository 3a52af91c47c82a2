// Checkpoints on an ext4 of its own, which has a journal: the file system of the tests may have none.

import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { getXattrSync, ImageCache, setXattrSync, XattrDriver } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { mountForSuite, mountUntilOver, needsFileSystem } from '../support/file-systems.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { pretendBoot, voucherOf } from './support.mjs';

const ext4 = { type: 'ext4' };
/** So long that no timer makes a checkpoint during a test. */
const never = { checkpointIntervalMs: 2 ** 31 - 1 };

const untilOf = (dir) => BigInt(voucherOf(dir).split(' ')[2]);

/** The images that a recovery after a boot would drop. */
async function doubtful(dir) {
  const result = await XattrDriver.recover({ dir }, { dryRun: true, force: true });
  return result === undefined ? 'all are trusted' : [...result.dropped].sort();
}

suite('checkpoints', { skip: needsFileSystem(ext4) }, () => {
  const mounted = mountForSuite(ext4);
  const fresh = (t, options = {}) =>
    temporaryDirectory(t, { under: mounted.dir }).then((dir) => openDriver(t, { dir, ...never, ...options }));

  test('open – ext4 with a journal – makes the first checkpoint', async (t) => {
    const { dir, capabilities } = await fresh(t);
    assert.deepEqual([capabilities.checkpoint, capabilities.checkpointProblem], [true, undefined]);
    assert.match(voucherOf(dir), /^1 [-0-9a-f]{36} \d+$/);
  });

  test('checkpoint() – of driver and manager – vouches for what was published before', async (t) => {
    const driver = await fresh(t);
    const cache = await ImageCache.open({ driver });
    await driver.writeImage('a', bytesOf(10));
    assert.deepEqual(await doubtful(driver.dir), ['a']);
    await driver.checkpoint();
    assert.deepEqual(await doubtful(driver.dir), []);
    await driver.writeImage('b', bytesOf(10));
    assert.deepEqual(await doubtful(driver.dir), ['b']);
    await cache.checkpoint();
    assert.deepEqual(await doubtful(driver.dir), []);
  });

  test('close() – images published – vouches for them', async (t) => {
    const driver = await fresh(t);
    await driver.writeImage('a', bytesOf(10));
    await driver.close();
    assert.deepEqual(await doubtful(driver.dir), []);
  });

  test('close() – nothing published – makes no checkpoint', async (t) => {
    const first = await fresh(t);
    const { dir } = first;
    const before = voucherOf(dir);
    await first.close();
    assert.equal(voucherOf(dir), before);
    await (await openDriver(t, { dir, ...never })).close();
    assert.equal(voucherOf(dir), before);
  });

  test('the timer – images published – vouches for them', async (t) => {
    const driver = await fresh(t, { checkpointIntervalMs: 20 });
    await driver.writeImage('a', bytesOf(10));
    const started = performance.now();
    while ((await doubtful(driver.dir)).length > 0) {
      assert(performance.now() - started < 20_000, 'no checkpoint was made');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });

  test('durability none – timer, checkpoint() and close() – vouch for nothing', async (t) => {
    const first = await fresh(t);
    const { dir } = first;
    await first.close();
    const before = voucherOf(dir);
    const driver = await openDriver(t, { dir, durability: 'none', checkpointIntervalMs: 1 });
    await driver.writeImage('a', bytesOf(10));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await driver.checkpoint();
    await driver.close();
    assert.equal(voucherOf(dir), before);
    assert.deepEqual(await doubtful(dir), ['a']);
  });

  test('durability sync – image after the last checkpoint – survives a recovery', async (t) => {
    const first = await fresh(t, { durability: 'sync' });
    const { dir } = first;
    await first.writeImage('put', bytesOf(10));
    await first.writeImage('streamed', [bytesOf(10), bytesOf(20)]);
    assert.equal(untilOf(dir) > 0n, true);
    for (const imageId of ['put', 'streamed']) assert(getXattrSync(join(dir, imageId), 'xattr_cache.synced'));
    await openDriver(t, { dir, durability: 'none' }).then((driver) => driver.writeImage('unsynced', bytesOf(10)));
    pretendBoot(dir, 1);
    const next = await openDriver(t, { dir, ...never });
    assert.deepEqual(
      (await next.getCachedImages()).map(({ imageId }) => imageId),
      ['put', 'streamed'],
    );
  });

  test('checkpoint() – again – covers a later time', async (t) => {
    const driver = await fresh(t);
    await driver.writeImage('a', bytesOf(10));
    const before = untilOf(driver.dir);
    await driver.checkpoint();
    await driver.checkpoint();
    assert(untilOf(driver.dir) > before);
  });
});

test('durability checkpoint – file system that does not keep it – is refused', {
  skip: needsFileSystem({ type: 'tmpfs' }),
}, async (t) => {
  const { dir } = await mountUntilOver(t, { type: 'tmpfs' });
  await assert.rejects(XattrDriver.open({ dir, durability: 'checkpoint' }), {
    code: 'ERR_BAD_DRIVER_CONFIGURATION',
    message: /durability 'checkpoint' cannot be kept here \(.*tmpfs\): choose 'sync' or 'none'/,
  });
  const driver = await openDriver(t, { dir });
  assert.equal(driver.capabilities.checkpoint, false);
  await driver.writeImage('a', bytesOf(10));
  await driver.checkpoint();
  await driver.close();
  assert.equal(voucherOf(dir), undefined);
});

/** The last second that an inode of 128 bytes holds. */
const lastSecond = 2 ** 31 - 1;

test('ext4, times to 2038 – a clock at their end – no checkpoint vouches too far', {
  skip: needsFileSystem(ext4),
}, async (t) => {
  const { dir } = await mountUntilOver(t, { ...ext4, mkfs: ['-q', '-I', '128'] });
  for (const part of ['incomplete', 'invalid', 'queue']) mkdirSync(join(dir, part));
  writeFileSync(join(dir, 'old'), bytesOf(10));
  setXattrSync(join(dir, 'old'), 'hits', '0');
  utimesSync(join(dir, 'old'), lastSecond, lastSecond);
  const driver = await openDriver(t, { dir, ...never });
  assert(untilOf(dir) < BigInt(lastSecond) * 10n ** 9n);
  await driver.writeImage('a', bytesOf(10));
  await driver.checkpoint();
  await driver.writeImage('b', bytesOf(10));
  assert.deepEqual(await doubtful(dir), ['b', 'old']);

  const before = voucherOf(dir);
  const clock = Buffer.alloc(16);
  clock.writeBigInt64LE(BigInt(lastSecond) * 10n ** 9n);
  writeFileSync(join(dir, '.xattr-cache', 'clock'), clock);
  await driver.writeImage('c', bytesOf(10));
  await assert.rejects(driver.checkpoint(), { code: 'ERR_IO', message: /EOVERFLOW/ });
  assert.equal(voucherOf(dir), before);
});

test('ext4 – without a journal – keeps no checkpoints', { skip: needsFileSystem(ext4) }, async (t) => {
  const { dir } = await mountUntilOver(t, { ...ext4, mkfs: ['-O', '^has_journal'] });
  const { checkpoint, checkpointProblem } = (await openDriver(t, { dir })).capabilities;
  assert.equal(checkpoint, false);
  assert.match(checkpointProblem, /journal/);
});

for (const options of ['data=writeback', 'nobarrier']) {
  test(`ext4 – mounted with ${options} – keeps no checkpoints`, { skip: needsFileSystem(ext4) }, async (t) => {
    const { dir } = await mountUntilOver(t, { ...ext4, options });
    assert.equal((await openDriver(t, { dir })).capabilities.checkpoint, false);
  });
}
