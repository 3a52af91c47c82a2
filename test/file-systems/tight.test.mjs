// Small disks, filled to the last block or inode: writes fail as such, nothing is lost, reads go on, and eviction frees space.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { describe, test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { mountUntilOver, needsFileSystem } from '../support/file-systems.mjs';
import { isFull } from '../support/scale.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

const ext4 = {
  'an ext4 of 8 MiB': { type: 'ext4', size: '8M' },
  'an ext4 without an inode left': { type: 'ext4', size: '8M', mkfs: ['-N', '64'], imageSize: 1000 },
};
const others = {
  'a tmpfs of 8 MiB': { type: 'tmpfs', options: 'size=8m' },
  'a tmpfs without an inode left': { type: 'tmpfs', options: 'nr_inodes=64', imageSize: 1000 },
  'an xfs': { type: 'xfs', imageSize: 4_000_000 },
  // Smaller ones lie in its metadata, where what was removed frees its space late.
  'a btrfs': { type: 'btrfs', imageSize: 1_000_000, smallest: 10_000 },
};

async function* chunksOf(bytes) {
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
}

const writes = {
  'bytes in memory': (driver, id, bytes) => driver.writeImage(id, bytes),
  'bytes in memory, synchronously': async (driver, id, bytes) => driver.writeImageSync(id, bytes),
  'a source': (driver, id, bytes) => driver.writeImage(id, chunksOf(bytes)),
  'a source of a known size': (driver, id, bytes) =>
    driver.writeImage(id, chunksOf(bytes), { expectedSize: bytes.length }),
  'a stream': (driver, id, bytes) => pipeline(chunksOf(bytes), driver.createWriteStream(id)),
  'a writer': async (driver, id, bytes) => {
    const writer = await driver.openForWrite(id);
    try {
      await writer.write(bytes);
      await writer.commit();
    } finally {
      await writer.rollback('the disk is full');
    }
  },
};

/** Writes images until none fits, smaller and smaller ones; resolves to the seeds of what is cached then, by id. */
async function fill(driver, imageSize, smallest) {
  const cached = new Map();
  for (let size = imageSize; size >= smallest; size = Math.floor(size / 8)) {
    for (let full = false; !full; ) {
      const id = `image ${cached.size}`;
      try {
        await driver.writeImage(id, bytesOf(size, cached.size));
        cached.set(id, { size, seed: cached.size });
      } catch (error) {
        assert.equal(error.code, 'ERR_NO_SPACE', error.stack);
        full = true;
      }
    }
  }
  return cached;
}

async function assertCached(driver, cached) {
  for (const [id, { size, seed }] of cached) {
    const bytes = await driver.readImage(id);
    assert(bytes !== undefined && Buffer.compare(bytes, bytesOf(size, seed)) === 0, `${id} is not as it was written`);
  }
  assert.equal((await driver.getCachedImages()).length, cached.size);
}

async function assertNothingLeft(driver) {
  assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
  await driver.clean(0);
  assert.deepEqual(await readdir(join(driver.dir, 'invalid')), []);
}

for (const [name, { imageSize = 300_000, smallest = 1, ...kind }] of Object.entries({
  ...ext4,
  ...(isFull ? others : {}),
})) {
  describe(`on ${name}`, { skip: needsFileSystem(kind) }, () => {
    test('a tight disk – full – fails writes cleanly, serves reads, and eviction frees it', async (t) => {
      const mounted = await mountUntilOver(t, kind);
      const driver = await openDriver(t, { dir: mounted.dir });
      const cached = await fill(driver, imageSize, smallest);
      t.diagnostic(`${cached.size} images`);

      for (const [how, write] of Object.entries(writes)) {
        for (const id of ['new', 'image 0']) {
          await assert.rejects(write(driver, id, bytesOf(imageSize, 99)), { code: 'ERR_NO_SPACE', imageId: id }, how);
          assert.equal(await driver.isBeingCached(id), false);
          await assertNothingLeft(driver);
        }
      }
      await assertCached(driver, cached);

      const late = await openDriver(t, { dir: mounted.dir });
      await assertCached(late, cached);
      const half = Math.floor((await late.getCacheSize()) / 2);
      const { images } = await late.evictTo(half);
      for (const { imageId } of images) assert(cached.delete(imageId));
      assert(images.length > 0);
      await assertCached(driver, cached);

      for (const [how, write] of Object.entries(writes)) {
        await write(driver, how, bytesOf(imageSize, 7));
        assert.equal(Buffer.compare(await driver.readImage(how), bytesOf(imageSize, 7)), 0);
        assert.equal(await driver.getHitCount(how), 1);
        await driver.deleteCachedImage(how);
      }
      assert.equal(await driver.queueImage('queued'), true);
      await assertCached(driver, cached);
    });

    test('a tight disk – full, then mounted again – has every image that was cached', async (t) => {
      const mounted = await mountUntilOver(t, kind);
      const driver = await openDriver(t, { dir: mounted.dir });
      const cached = await fill(driver, imageSize, smallest);
      await driver.close();
      if (kind.type === 'tmpfs') return;
      mounted.check();

      const again = await openDriver(t, { dir: mounted.dir });
      await assertCached(again, cached);
      assert.equal((await again.evictTo(0)).filesEvicted, cached.size);
    });
  });
}
