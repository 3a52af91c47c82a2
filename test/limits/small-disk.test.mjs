// Disks that are full: with images of the cache, with files of other programs, and of inodes.

import assert from 'node:assert/strict';
import { statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { ImageCache } from '../../dist/index.js';
import { defer } from '../support/defer.mjs';
import { mountFileSystem } from '../support/file-systems.mjs';
import { needsMount } from '../support/mounts.mjs';

const megabyte = 1_000_000;
const freeOf = (dir) => {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
};

async function openOn(t, disk, options = {}) {
  const mounted = await mountFileSystem(disk);
  defer(t, () => mounted.unmount());
  const dir = join(mounted.dir, 'cache');
  const cache = await ImageCache.open({ dir, ...options });
  defer(t, () => cache.close());
  return { cache, dir, disk: mounted.dir };
}

async function* chunks(count) {
  for (let i = 0; i < count; i++) yield Buffer.alloc(megabyte, i);
}

for (const type of ['ext4', 'xfs', 'btrfs']) {
  test(`a small ${type} – default limits, 200 images – takes all`, { skip: needsMount }, async (t) => {
    const { cache, disk } = await openOn(t, { type });
    const size = Math.floor(cache.maxSize / 60);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 200; i++) {
      assert.equal(await cache.cacheImage(`${i}`, Buffer.alloc(size, i)), true, `image ${i}`);
      least = Math.min(least, freeOf(disk));
    }
    const { images, limits } = await cache.stats();
    t.diagnostic(`${images} images of ${size} bytes stay; least free: ${least} of ${cache.maxSize}`);
    assert(images >= 10, `${images} images`);
    assert.equal(await cache.driver.isCached('199'), true);
    if (type !== 'btrfs') assert(least >= limits.minFree, `${least} bytes free`);
  });
}

test('a disk of 64 MB – streams of most of it – take turns', { skip: needsMount }, async (t) => {
  const { cache } = await openOn(t, { type: 'ext4' });
  for (let i = 0; i < 40; i++) await cache.cacheImage(`${i}`, Buffer.alloc(megabyte));
  for (let i = 0; i < 3; i++) assert.equal(await cache.cacheImage(`unknown ${i}`, chunks(45)), true);
  for (let i = 0; i < 3; i++) {
    assert.equal(await cache.cacheImage(`known ${i}`, chunks(45), { expectedSize: 45 * megabyte }), true);
  }
  const image = await cache.getOrFetch('fetched', async () => Buffer.alloc(megabyte));
  assert.equal(image.source, 'fetch');
  await image.close();
});

test('a disk – a foreign file fills it – the cache shrinks, writes go on', { skip: needsMount }, async (t) => {
  const { cache, disk } = await openOn(t, { type: 'ext4' });
  for (let i = 0; i < 40; i++) await cache.cacheImage(`${i}`, Buffer.alloc(megabyte));
  writeFileSync(join(disk, 'foreign'), Buffer.alloc(freeOf(disk) - megabyte));
  for (let i = 0; i < 60; i++) {
    assert.equal(await cache.cacheImage(`later ${i}`, Buffer.alloc(megabyte)), true, `image ${i}`);
  }
  const { images, freeBytes, limits } = await cache.stats();
  t.diagnostic(`${images} images stay, ${freeBytes} bytes are free`);
  assert(images > 20);
  assert(freeBytes >= limits.minFree);
});

test('a disk – inodes used up – evicts for an inode', { skip: needsMount }, async (t) => {
  const { cache } = await openOn(t, { type: 'ext4', mkfs: ['-N', '200'] });
  for (let i = 0; i < 500; i++) {
    assert.equal(await cache.cacheImage(`${i}`, Buffer.alloc(10)), true, `image ${i}`);
  }
  const { images } = await cache.stats();
  t.diagnostic(`${images} images stay`);
  assert(images > 50);
});

test('minFreeInodes – more images than inodes – keeps some free', { skip: needsMount }, async (t) => {
  const { cache } = await openOn(t, { type: 'ext4', mkfs: ['-N', '300'] }, { minFreeInodes: 100 });
  for (let i = 0; i < 400; i++) assert.equal(await cache.cacheImage(`${i}`, Buffer.alloc(10)), true, `image ${i}`);
  const { freeInodes } = await cache.stats();
  assert(freeInodes >= 99, `${freeInodes} inodes are free`);
});
