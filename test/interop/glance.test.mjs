// One directory, two drivers: Glance's own, in Python, and ours, both directions, while both run.

import assert from 'node:assert/strict';
import { lutimesSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { getXattr, ImageBusyError } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { driverProcess } from '../support/driver-process.mjs';
import { glanceDownloadInto, glanceOn, needsGlance } from './glance-process.mjs';
import { glanceIds, sharedDirectory } from './shared-directory.mjs';

const chunk = 64 * 1024; // of a download through Glance

suite('a directory that Glance filled', { skip: needsGlance }, () => {
  test('an image of Glance – list, size and read – is byte for byte the same', async (t) => {
    const { dir, driver, glance, source } = await sharedDirectory(t);
    const images = { empty: bytesOf(0), one: bytesOf(1, 2), 'ubuntu 22.04 “ü”': bytesOf(300_000, 3) };
    for (const [imageId, bytes] of Object.entries(images)) {
      assert.equal((await glance.ask('put', imageId, source(bytes))).cached, true);
    }
    await glance.ask('get', 'one');
    await glance.ask('get', 'one');

    const listed = await driver.getCachedImages();
    assert.deepEqual(
      listed.map(({ imageId, size, hits }) => [imageId, size, hits]),
      [
        ['empty', 0, 0],
        ['one', 1, 2],
        ['ubuntu 22.04 “ü”', 300_000, 0],
      ],
    );
    for (const { imageId, lastModifiedMs, lastAccessedMs } of listed) {
      const { atimeMs, mtimeMs } = statSync(join(dir, imageId));
      assert.deepEqual([lastAccessedMs, lastModifiedMs].map(Math.floor), [atimeMs, mtimeMs].map(Math.floor));
    }
    assert.equal(await driver.getCacheSize(), 300_001);
    for (const [imageId, bytes] of Object.entries(images)) {
      assert.equal(await driver.isCached(imageId), true);
      assert.deepEqual(await driver.readImage(imageId), bytes);
    }
    assert.equal(await driver.getHitCount('one'), 3);
    assert.equal((await glance.ask('hits', 'one')).hits, 3);
  });

  test('a failed write of Glance – list, then clean – has its error, then is removed', async (t) => {
    const { dir, driver, glance, source } = await sharedDirectory(t);
    await glance.ask('fail', 'failed', source(bytesOf(1_000)), 'the store said nö');
    await glance.ask('drop', 'dropped', source(bytesOf(2 * chunk)));

    const invalid = await driver.getInvalidImages();
    assert.deepEqual(invalid.map(({ imageId, error }) => [imageId, error]).sort(), [
      ['dropped', 'incomplete fetch'],
      ['failed', 'the store said nö'],
    ]);
    assert.equal(invalid.find(({ imageId }) => imageId === 'failed').size, 1_000);
    assert.equal(await driver.isCached('failed'), false);
    assert.equal(await driver.isCacheable('failed'), true);
    assert.equal((await driver.getUsage()).invalid, 2);

    assert.deepEqual(await driver.clean(), { invalidReaped: 2, stalledReaped: 0 });
    assert.deepEqual(readdirSync(join(dir, 'invalid')), []);
  });

  test('the queue – requests of both sides – is in the order of queueing', async (t) => {
    const { driver, glance, source } = await sharedDirectory(t);
    for (const [imageId, asked] of [
      ['c', glance],
      ['a', driver],
      ['d', glance],
      ['b', driver],
    ]) {
      if (asked === glance) assert.equal((await glance.ask('queue', imageId)).queued, true);
      else assert.equal(await driver.queueImage(imageId), true);
      await sleep(10); // the queue is ordered by time, whose steps are those of the kernel's tick
    }
    assert.equal(await driver.queueImage('c'), false);
    assert.equal((await glance.ask('queue', 'a')).queued, false);
    assert.deepEqual(await driver.getQueuedImages(), ['c', 'a', 'd', 'b']);
    assert.deepEqual((await glance.ask('queued')).queued_images, ['c', 'a', 'd', 'b']);

    await driver.writeImage('c', bytesOf(10));
    await glance.ask('put', 'a', source(bytesOf(10)));
    await driver.deleteQueuedImage('d');
    assert.deepEqual(await driver.getQueuedImages(), ['b']);
    assert.deepEqual((await glance.ask('queued')).queued_images, ['b']);
    assert.equal(await driver.queueImage('a'), false);
    assert.equal(await driver.deleteAllQueuedImages(), 1);
    assert.equal((await glance.ask('is', 'b')).queued, false);
  });

  test('an eviction – images that Glance read – follows the order of its reads', async (t) => {
    const { driver, glance, source } = await sharedDirectory(t);
    if (driver.capabilities.atime === 'noatime') return t.skip('Glance leaves no access times on noatime');
    const file = source(bytesOf(1_000));
    for (const imageId of ['a', 'b', 'c', 'd']) {
      await glance.ask('put', imageId, file);
      await sleep(10);
    }
    for (const imageId of ['c', 'a']) {
      await glance.ask('get', imageId);
      await sleep(10);
    }
    assert.deepEqual(await driver.getLeastRecentlyAccessed(), { imageId: 'b', size: 1_000 });

    const { images, filesEvicted, bytesEvicted } = await driver.evictTo(1_500);
    assert.deepEqual([filesEvicted, bytesEvicted], [3, 3_000]);
    assert.deepEqual(
      images.map(({ imageId, hits }) => [imageId, hits]),
      [
        ['b', 0],
        ['d', 0],
        ['c', 1],
      ],
    );
    assert.deepEqual(await glanceIds(glance), ['a']);
  });

  test('a stalled download of Glance – clean – stays until it has aged, then is removed', async (t) => {
    const { dir, driver, source } = await sharedDirectory(t);
    const download = glanceDownloadInto(t, dir, 'image', source(bytesOf(3 * chunk)));
    await download.ask('next');
    await download.kill();

    assert.equal(await driver.isBeingCached('image'), true);
    assert.deepEqual(await driver.clean(3_600), { invalidReaped: 0, stalledReaped: 0 });
    const old = Date.now() / 1_000 - 3_601;
    lutimesSync(join(dir, 'incomplete', 'image'), old, old);
    assert.deepEqual(await driver.clean(3_600), { invalidReaped: 0, stalledReaped: 1 });
    assert.equal(await driver.isCacheable('image'), true);
    await driver.writeImage('image', bytesOf(10));
    assert.deepEqual(await driver.readImage('image'), bytesOf(10));
  });
});

suite('a directory that we filled', { skip: needsGlance }, () => {
  test('our image – Glance lists, sizes and reads it – is byte for byte the same', async (t) => {
    const { dir, driver, glance, source } = await sharedDirectory(t);
    await glance.ask('put', 'theirs', source(bytesOf(1)));
    const images = { empty: bytesOf(0), put: bytesOf(300_000, 2), 'claimed “ü”': bytesOf(200_000, 3) };
    await driver.writeImage('empty', images.empty);
    await driver.writeImage('put', images.put);
    const writer = await driver.openForWrite('claimed “ü”', { expectedSize: 200_000 });
    await writer.write(images['claimed “ü”']);
    await writer.commit();
    await driver.readImage('put');
    await driver.deleteCachedImage('theirs');

    assert.deepEqual(await glanceIds(glance), Object.keys(images).sort());
    assert.equal((await glance.ask('size')).size, 500_000);
    assert.equal((await glance.ask('hits', 'put')).hits, 1);
    const copy = source(Buffer.alloc(0));
    for (const [imageId, bytes] of Object.entries(images)) {
      assert.equal((await glance.ask('get', imageId, copy)).error, null);
      assert.deepEqual(readFileSync(copy), bytes);
      assert.equal((await glance.ask('is', imageId)).cached, true);
    }
    assert.equal((await glance.ask('hits', 'put')).hits, 2);
    assert.deepEqual(
      (await driver.getCachedImages()).map(({ hits }) => hits),
      [1, 1, 2],
    );

    await glance.ask('delete', 'put');
    assert.equal(await driver.isCached('put'), false);
    assert.equal((await glance.ask('delete-all')).num_deleted, 2);
    assert.deepEqual(await driver.getCachedImages(), []);
    assert.deepEqual(readdirSync(join(dir, 'incomplete')), []);
  });

  test('our files – modes and attributes – are those of Glance’s files', async (t) => {
    const { driver, glance, source } = await sharedDirectory(t);
    await glance.ask('put', 'theirs', source(bytesOf(10)));
    await driver.writeImage('put', bytesOf(10));
    const writer = await driver.openForWrite('claimed');
    await writer.write(bytesOf(10));
    await writer.commit();

    const theirs = await glance.ask('stat', 'theirs');
    assert.deepEqual(theirs.xattrs, { 'user.hits': '0' });
    for (const imageId of ['put', 'claimed']) {
      const ours = await glance.ask('stat', imageId);
      assert.deepEqual([ours.mode, ours.xattrs, ours.size], [theirs.mode, theirs.xattrs, theirs.size]);
    }
  });

  test('a prune by Glance – images that we read – follows the order of our reads', async (t) => {
    const { driver, glance } = await sharedDirectory(t, { maxSize: 2_000 });
    const second = 1_000;
    const images = ['d', 'a', 'c', 'b']; // not in an order that Glance, which tells no two accesses of a second apart, makes up
    for (const imageId of images) {
      await driver.writeImage(imageId, bytesOf(1_000));
    }
    for (const imageId of images) {
      await driver.readImage(imageId);
      await sleep(second + 50);
    }

    assert.equal((await glance.ask('lru')).lru[0], 'd');
    assert.deepEqual(await glance.ask('prune'), { size: 2_000, total_bytes_pruned: 2_000, total_files_pruned: 2 });
    assert.deepEqual(
      (await driver.getCachedImages()).map(({ imageId, hits }) => [imageId, hits]),
      [
        ['b', 1],
        ['c', 1],
      ],
    );
    assert.equal(await driver.getCacheSize(), 2_000);
  });

  test('a clean by Glance – our failed writes, and dead ones aged – removes them', async (t) => {
    const { dir, driver, glance } = await sharedDirectory(t, { stallTimeSeconds: 3_600 });
    const failing = await driver.openForWrite('failed');
    await failing.write(bytesOf(1_000));
    await failing.rollback(new Error('the source broke'));
    const dying = await driverProcess(t, { dir });
    await dying.call('openForWrite', 'died');
    await dying.call('write', 'died', bytesOf(1_000));
    await dying.kill();

    assert.equal((await getXattr(join(dir, 'invalid', 'failed'), 'error')).toString(), 'the source broke');
    assert.equal((await glance.ask('is', 'died')).being_cached, true); // Glance cannot tell; we can
    assert.equal(await driver.isBeingCached('died'), false);
    await glance.ask('clean');
    assert.deepEqual(readdirSync(join(dir, 'invalid')), []);
    assert.equal(readdirSync(join(dir, 'incomplete')).length, 2);

    const impatient = glanceOn(t, dir, { stallTimeSeconds: 0 });
    await impatient.ask('clean');
    assert.deepEqual(readdirSync(join(dir, 'incomplete')), []);
    await driver.writeImage('died', bytesOf(10));
    assert.equal((await impatient.ask('is', 'died')).cached, true);
  });
});

suite('while both run', { skip: needsGlance }, () => {
  test('hits – both sides count on one image – add up', async (t) => {
    const { driver, glance, source } = await sharedDirectory(t);
    await glance.ask('put', 'image', source(bytesOf(1_000)));
    for (let round = 1; round <= 10; round += 1) {
      assert.equal((await glance.ask('get', 'image')).hits, 2 * round - 1);
      const reader = await driver.openForRead('image');
      assert.deepEqual(await reader.close(), { counted: true });
      assert.equal(await driver.getHitCount('image'), 2 * round);
    }
  });

  test('a download of Glance – still running – is a live writer to us', async (t) => {
    const { dir, driver, glance, source } = await sharedDirectory(t);
    const bytes = bytesOf(3 * chunk + 1);
    const download = glanceDownloadInto(t, dir, 'image', source(bytes));
    await download.ask('next');

    assert.equal(await driver.isBeingCached('image'), true);
    assert.equal(await driver.isCacheable('image'), false);
    assert.equal(await driver.queueImage('image'), false);
    assert.equal((await driver.getUsage()).incomplete, 1);
    await assert.rejects(driver.openForWrite('image'), ImageBusyError);
    assert.deepEqual(await driver.clean(3_600), { invalidReaped: 0, stalledReaped: 0 });
    assert.equal(await driver.reapStalled(3_600), 0);

    assert.deepEqual(await download.ask('rest'), { bytes: 2 * chunk + 1, cached: true });
    assert.deepEqual(await driver.readImage('image'), bytes);
    assert.equal(await driver.isBeingCached('image'), false);
    assert.equal((await glance.ask('hits', 'image')).hits, 1);
  });

  test('our writer – still writing – is alive to Glance, whose cleaner leaves it alone', async (t) => {
    const { dir, driver, glance, source } = await sharedDirectory(t, { stallTimeSeconds: 3_600 });
    const bytes = bytesOf(200_000);
    await glance.ask('queue', 'image');
    const writer = await driver.openForWrite('image');
    await writer.write(bytes.subarray(0, 100_000));

    const is = { cached: false, queued: true, being_cached: true, cacheable: false };
    assert.deepEqual(await glance.ask('is', 'image'), is);
    assert.equal((await glance.ask('put', 'image', source(bytesOf(10)))).ok, false);
    assert.deepEqual(await glanceIds(glance), []);
    assert.equal((await glance.ask('size')).size, 0);
    await glance.ask('clean');
    assert.deepEqual(await glance.ask('is', 'image'), is);

    await writer.write(bytes.subarray(100_000));
    await writer.commit();
    assert.deepEqual(await glance.ask('is', 'image'), {
      cached: true,
      queued: false,
      being_cached: false,
      cacheable: false,
    });
    const copy = source(Buffer.alloc(0));
    await glance.ask('get', 'image', copy);
    assert.deepEqual(readFileSync(copy), bytes);
    assert.deepEqual(readdirSync(join(dir, 'incomplete')), []);
  });

  test('glance B1, B2: a download – it ignores our claim – spoils neither version', async (t) => {
    const { dir, driver, source } = await sharedDirectory(t);
    const ours = bytesOf(200_000, 1);
    const theirs = bytesOf(3 * chunk, 2);
    const writer = await driver.openForWrite('image');
    await writer.write(ours.subarray(0, 100_000));
    const download = glanceDownloadInto(t, dir, 'image', source(theirs));
    await download.ask('next');
    await writer.write(ours.subarray(100_000));
    await writer.commit();

    assert.deepEqual(await driver.readImage('image'), ours);
    assert.equal(await driver.isBeingCached('image'), true);
    await download.ask('rest');
    assert.deepEqual(await driver.readImage('image'), theirs);
    assert.deepEqual(readdirSync(join(dir, 'incomplete')), []);
  });

  test('glance B6: a read of ours – Glance deletes the image – ends whole and uncounted', async (t) => {
    const { driver, glance, source } = await sharedDirectory(t);
    const bytes = bytesOf(100_000);
    await glance.ask('put', 'image', source(bytes));
    const reader = await driver.openForRead('image');
    await glance.ask('delete', 'image');

    const read = Buffer.alloc(bytes.length);
    assert.equal(await reader.read(read, 0, bytes.length, 0), bytes.length);
    assert.deepEqual(read, bytes);
    assert.deepEqual(await reader.close(), { counted: false });
  });

  test('reads of both – both write and delete – return no wrong byte', async (t) => {
    const { driver, glance, source } = await sharedDirectory(t);
    const images = new Map(Array.from({ length: 8 }, (_, i) => [`image-${i}`, bytesOf(50_000 + i, i + 1)]));
    const files = new Map([...images].map(([imageId, bytes]) => [imageId, source(bytes)]));
    const copy = source(Buffer.alloc(0));
    const ids = [...images.keys()];
    const counts = { ours: 0, theirs: 0 };
    const enough = () => counts.ours >= 200 && counts.theirs >= 50;

    const theirSide = async () => {
      for (let i = 0; !enough(); i += 1) {
        const imageId = ids[(i * 5) % ids.length];
        await glance.ask('put', imageId, files.get(imageId));
        const { error } = await glance.ask('get', imageId, copy);
        if (error === null) {
          assert.deepEqual(readFileSync(copy), images.get(imageId));
          counts.theirs += 1;
        }
        if (i % 7 === 0) await glance.ask('delete', imageId);
      }
    };
    const ourSide = async () => {
      for (let i = 0; !enough(); i += 1) {
        const imageId = ids[(i * 3) % ids.length];
        const bytes = await driver.readImage(imageId);
        if (bytes !== undefined) {
          assert.deepEqual(bytes, images.get(imageId));
          counts.ours += 1;
        }
        if (i % 5 === 0) await driver.deleteCachedImage(imageId);
        if (i % 5 === 1) await driver.writeImage(imageId, images.get(imageId));
        if (i % 5 === 2) await writeClaimed(driver, imageId, images.get(imageId));
        if (i % 50 === 0) await driver.clean(3_600);
        await sleep(1);
      }
    };
    await Promise.all([theirSide(), ourSide()]);

    assert.deepEqual(await driver.clean(3_600), { invalidReaped: 0, stalledReaped: 0 });
    assert.equal((await driver.getUsage()).incomplete, 0);
  });
});

async function writeClaimed(driver, imageId, bytes) {
  try {
    const writer = await driver.openForWrite(imageId);
    await writer.write(bytes);
    await writer.commit();
  } catch (error) {
    if (!(error instanceof ImageBusyError)) throw error;
  }
}
