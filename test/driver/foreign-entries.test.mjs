import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { link, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { CacheError, getXattrSync, setXattrSync } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { imageIds } from './conformance/assertions.mjs';

/** Entries that are not images. Each is created at `path`, and may point to the file `outside`. */
const kinds = {
  'a directory': async (_t, path) => {
    await mkdir(path);
    await writeFile(join(path, 'inside'), 'inside');
  },
  'an empty directory': (_t, path) => mkdir(path),
  'a fifo': (_t, path) => execFileSync('mkfifo', [path]),
  'a socket': async (t, path) => {
    const server = createServer().listen(path);
    defer(t, () => server.close());
    await once(server, 'listening');
  },
  'a symlink to a file outside': (_t, path, outside) => symlink(outside, path),
  'a symlink to nothing': (_t, path) => symlink('/does/not/exist', path),
  'a symlink to itself': (_t, path) => symlink(path, path),
  'a symlink to a directory': (_t, path) => symlink('/', path),
};

async function driverAndOutside(t) {
  const outside = join(await temporaryDirectory(t), 'outside');
  await writeFile(outside, 'outside');
  setXattrSync(outside, 'hits', '7');
  const driver = await openDriver(t);
  await driver.writeImage('image', bytesOf(100));
  await driver.queueImage('queued');
  return { driver, outside };
}

async function assertUntouched(outside) {
  assert.equal(await readFile(outside, 'utf8'), 'outside');
  assert.equal(getXattrSync(outside, 'hits')?.toString(), '7');
  assert.deepEqual(await readdir(join(outside, '..')), ['outside']);
}

/** Asserts that an action without a good outcome ends, either with nothing or with a typed error. */
async function endsSensibly(promise) {
  const [{ status, reason }] = await Promise.allSettled([promise]);
  assert(status === 'fulfilled' || CacheError.is(reason), `${reason?.stack}`);
}

for (const [what, make] of Object.entries(kinds)) {
  test(`${what} – among the images – is not an image`, { timeout: 10_000 }, async (t) => {
    const { driver, outside } = await driverAndOutside(t);
    await make(t, join(driver.dir, 'odd'), outside);

    assert.equal(await driver.isCached('odd'), false);
    assert.equal(driver.isCachedSync('odd'), false);
    assert.equal(await driver.isBeingCached('odd'), false);
    assert.equal(await driver.getImageSize('odd'), 0);
    assert.equal(await driver.getHitCount('odd'), 0);
    assert.equal(await driver.readImage('odd'), undefined);
    await assert.rejects(driver.openForRead('odd'), { code: 'ERR_IMAGE_NOT_FOUND' });
    assert.deepEqual(await imageIds(driver), ['image']);
    assert.equal(await driver.getCacheSize(), 100);
    assert.equal((await driver.getLeastRecentlyAccessed()).imageId, 'image');
    await driver.clean(0);
    const { images } = await driver.evictTo(0);
    assert.deepEqual(
      images.map((image) => image.imageId),
      ['image'],
    );
    await driver.deleteAllCachedImages();

    await assertUntouched(outside);
    assert((await readdir(driver.dir)).includes('odd'));
  });

  test(`${what} – in place of an image – writes harm nothing`, {
    timeout: 10_000,
  }, async (t) => {
    const { driver, outside } = await driverAndOutside(t);
    await make(t, join(driver.dir, 'odd'), outside);
    await make(t, join(driver.dir, 'claimed'), outside);
    await make(t, join(driver.dir, 'gone'), outside);
    const write = async () => {
      const writer = await driver.openForWrite('claimed');
      await writer.write(bytesOf(20));
      await writer.commit().finally(() => writer[Symbol.asyncDispose]());
    };

    await endsSensibly(driver.deleteCachedImage('gone'));
    if (what.includes('directory') && !what.includes('symlink')) {
      await assert.rejects(driver.writeImage('odd', bytesOf(10)), (error) => CacheError.is(error));
      await assert.rejects(write(), (error) => CacheError.is(error));
      assert.deepEqual(await readdir(join(driver.dir, 'odd')), what === 'a directory' ? ['inside'] : []);
    } else {
      await driver.writeImage('odd', bytesOf(10));
      await write();
      assert.deepEqual(await driver.readImage('odd'), bytesOf(10));
      assert.deepEqual(await driver.readImage('claimed'), bytesOf(20));
    }

    await assertUntouched(outside);
    assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
    assert.deepEqual(await driver.readImage('image'), bytesOf(100));
  });

  test(`${what} – in incomplete/ – blocks no call`, { timeout: 10_000 }, async (t) => {
    const { driver, outside } = await driverAndOutside(t);
    await make(t, join(driver.dir, 'incomplete', 'odd'), outside);

    assert.equal(typeof (await driver.isBeingCached('odd')), 'boolean');
    assert.equal(await driver.isCached('odd'), false);
    await driver.getUsage();
    await assert.rejects(driver.openForWrite('odd'), (error) => CacheError.is(error));
    await driver.writeImage('odd', bytesOf(10));
    assert.deepEqual(await driver.readImage('odd'), bytesOf(10));
    await driver.deleteCachedImage('odd');
    await driver.clean(0);
    if (!what.endsWith('directory') || what.includes('symlink')) {
      await (await driver.openForWrite('odd')).commit();
      assert.equal(await driver.isCached('odd'), true);
    }

    await assertUntouched(outside);
  });

  test(`${what} – in queue/ or invalid/ – blocks and hides nothing`, { timeout: 10_000 }, async (t) => {
    const { driver, outside } = await driverAndOutside(t);
    await make(t, join(driver.dir, 'queue', 'odd'), outside);
    await make(t, join(driver.dir, 'invalid', 'odd'), outside);
    await (await driver.openForWrite('failed')).rollback('boom');

    assert((await driver.getQueuedImages()).includes('queued'));
    assert((await driver.getInvalidImages()).some((image) => image.imageId === 'failed'));
    assert.equal(typeof (await driver.isQueued('odd')), 'boolean');
    await endsSensibly(driver.queueImage('odd'));
    await endsSensibly(driver.deleteQueuedImage('odd'));
    await (await driver.openForWrite('odd')).rollback('boom');
    assert.equal(await driver.isBeingCached('odd'), false);
    await driver.writeImage('odd', bytesOf(10));
    assert.deepEqual(await driver.readImage('odd'), bytesOf(10));
    await driver.deleteAllQueuedImages();
    await driver.clean(0);

    assert.equal(await driver.isQueued('queued'), false);
    assert.equal(
      (await driver.getInvalidImages()).some((image) => image.imageId === 'failed'),
      false,
    );
    await assertUntouched(outside);
  });
}

test('a symlink – to an image – is not a second image', async (t) => {
  const { driver } = await driverAndOutside(t);
  await symlink('image', join(driver.dir, 'alias'));

  assert.equal(await driver.isCached('alias'), false);
  assert.equal(await driver.readImage('alias'), undefined);
  assert.equal(await driver.getCacheSize(), 100);
  await driver.deleteCachedImage('alias');
  assert.equal(await driver.isCached('image'), true);
});

test('a hard link – to an image or a file – is an image of its own', async (t) => {
  const { driver, outside } = await driverAndOutside(t);
  await link(outside, join(driver.dir, 'linked'));
  await link(join(driver.dir, 'image'), join(driver.dir, 'twin'));

  assert.deepEqual(await imageIds(driver), ['image', 'linked', 'twin']);
  assert.deepEqual(await driver.readImage('linked'), Buffer.from('outside'));
  const reader = await driver.openForRead('twin');
  assert.deepEqual(await reader.close(), { counted: true });
  await driver.deleteCachedImage('twin');
  await driver.writeImage('linked', bytesOf(10));
  await driver.deleteCachedImage('linked');

  assert.equal(await readFile(outside, 'utf8'), 'outside');
  assert.deepEqual(await driver.readImage('image'), bytesOf(100));
});

test('glance B19: dot files – in every part – are no images', async (t) => {
  const { driver } = await driverAndOutside(t);
  await writeFile(join(driver.dir, '.nfs0000000000000001'), 'removed elsewhere');
  await writeFile(join(driver.dir, '.hidden'), 'hidden');
  await writeFile(join(driver.dir, 'queue', '.hidden'), '');
  await writeFile(join(driver.dir, 'invalid', '.hidden'), '');

  assert.deepEqual(await imageIds(driver), ['image']);
  assert.equal(await driver.getCacheSize(), 100);
  assert.deepEqual(await driver.getQueuedImages(), ['queued']);
  assert.deepEqual(await driver.getInvalidImages(), []);
  assert.equal((await driver.evictTo(0)).filesEvicted, 1);
  assert.equal(await driver.deleteAllCachedImages(), 0);
});

test('a file – name not UTF-8 – is counted, listed and evicted, not found by id', async (t) => {
  const { driver } = await driverAndOutside(t);
  const latin1 = Buffer.concat([Buffer.from(`${driver.dir}/caf`), Buffer.from([0xe9])]);
  await writeFile(latin1, 'latin-1');
  await utimes(latin1, 1, 1);

  assert.equal(await driver.getCacheSize(), 107);
  assert.deepEqual(await imageIds(driver), ['caf\ufffd', 'image']);
  assert.equal(await driver.isCached('caf\ufffd'), false);
  assert.equal((await driver.getLeastRecentlyAccessed()).imageId, 'image');
  const { images } = await driver.evictTo(100);
  assert.deepEqual(
    images.map(({ imageId, size }) => [imageId, size]),
    [['caf\ufffd', 7]],
  );
  await assert.rejects(readFile(latin1), { code: 'ENOENT' });
});
