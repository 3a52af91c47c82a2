// Concurrent pruners of both sides, and a queue that both fill and both empty.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { ImageCache } from '../../dist/index.js';
import { until } from '../cli/support.mjs';
import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { driverProcess } from '../support/driver-process.mjs';
import { failingGlanceOn, needsGlance } from './glance-process.mjs';
import { glanceIds, sharedDirectory } from './shared-directory.mjs';

const imageSize = 1_000;
const images = 300;
const kept = 200;
const maxSize = kept * imageSize;
const rounds = 5;

suite('pruning from both sides concurrently', { skip: needsGlance }, () => {
  test('two pruners – one of each side – keep the limit, and ours reports only its own', async (t) => {
    const { dir, driver } = await sharedDirectory(t);
    const ours = await Promise.all([1, 2].map(() => driverProcess(t, { dir })));
    const theirs = [1, 2].map(() => failingGlanceOn(t, dir, { maxSize }));
    const figures = { ours: 0, overPruned: 0, overReported: 0, failures: 0 };
    for (let round = 0; round < rounds; round += 1) {
      fill(driver);
      const answers = theirs.map(({ ask }) => ask('prune'));
      // We would be done before they have begun.
      await until(async () => (await driver.getCachedImages()).length < images, 'Glance begins to prune');
      const reports = ours.map(({ call }) => call('evictTo', maxSize));
      const removed = (await Promise.all(reports)).flatMap((report) => report.images.map(({ imageId }) => imageId));
      const pruned = await Promise.all(answers);

      const left = new Set((await driver.getCachedImages()).map(({ imageId }) => imageId));
      assert(left.size <= kept, `${left.size} images are left`);
      assert.equal(new Set(removed).size, removed.length, 'an image is reported twice');
      assert.deepEqual(
        removed.filter((imageId) => left.has(imageId)),
        [],
      );
      const failed = pruned.filter(({ error }) => error !== undefined);
      for (const { error } of failed) assert.match(error, /^FileNotFoundError: /); // glance B8
      const theirCount = pruned.reduce((sum, { total_files_pruned = 0 }) => sum + total_files_pruned, 0);
      figures.ours += removed.length;
      figures.overPruned += kept - left.size; // glance B11
      if (failed.length === 0) figures.overReported += theirCount + removed.length - (images - left.size);
      figures.failures += failed.length;
    }
    t.diagnostic(`${rounds} rounds, ${images - kept} images too many in each: ${JSON.stringify(figures)}`);
    assert(figures.ours > 0);
  });

  test('our pruner – alone (the control) – frees no more than needed', async (t) => {
    const { dir, driver } = await sharedDirectory(t);
    const ours = await Promise.all([1, 2, 3].map(() => driverProcess(t, { dir })));
    for (let round = 0; round < rounds; round += 1) {
      fill(driver);
      const reports = await Promise.all(ours.map(({ call }) => call('evictTo', maxSize)));
      assert.equal((await driver.getCachedImages()).length, kept);
      assert.equal(
        reports.reduce((sum, { filesEvicted }) => sum + filesEvicted, 0),
        images - kept,
      );
    }
  });

  test('two pruners – writes in progress on both sides – leave them alone', async (t) => {
    const { dir, driver, glance, source } = await sharedDirectory(t);
    const pruner = failingGlanceOn(t, dir);
    fill(driver);
    const writer = await driver.openForWrite('ours');
    await writer.write(bytesOf(imageSize));
    const [report] = await Promise.all([
      driver.evictTo(0),
      pruner.ask('prune'),
      glance.ask('put', 'theirs', source(bytesOf(imageSize))),
    ]);
    assert(report.filesEvicted <= images + 1);
    await writer.commit();
    assert.deepEqual(await driver.readImage('ours'), bytesOf(imageSize));
    await driver.evictTo(0);
    assert.deepEqual(await glanceIds(glance), []);
  });
});

suite('one queue for both', { skip: needsGlance }, () => {
  const ids = Array.from({ length: 40 }, (_, n) => `image-${n}`);

  test('one queue – filled by both – holds each image once, in one order', async (t) => {
    const { driver, glance } = await sharedDirectory(t);
    const accepted = { ours: 0, theirs: 0 };
    for (const [n, fromOurSide] of ids.entries()) {
      const fromTheirs = ids[ids.length - 1 - n];
      const [ours, theirs] = await Promise.all([driver.queueImage(fromOurSide), glance.ask('queue', fromTheirs)]);
      if (ours) accepted.ours += 1;
      if (theirs.queued) accepted.theirs += 1;
    }
    t.diagnostic(`${ids.length} images: we took ${accepted.ours}, Glance ${accepted.theirs}`);
    assert(accepted.ours + accepted.theirs >= ids.length);
    const { queued_images } = await glance.ask('queued');
    assert.deepEqual([...queued_images].sort(), [...ids].sort());
    assert.deepEqual(await driver.getQueuedImages(), queued_images);
  });

  test('one queue – both prefetch concurrently – ends empty, and every image is whole', async (t) => {
    const { dir, driver, glance, source } = await sharedDirectory(t);
    const cache = await ImageCache.open({ dir });
    defer(t, () => cache.close());
    const contents = new Map(ids.map((imageId, n) => [imageId, bytesOf(20_000 + n, n + 1)]));
    const files = new Map(ids.map((imageId) => [imageId, source(contents.get(imageId))]));
    for (const [n, imageId] of ids.entries()) {
      if (n % 2 === 0) await driver.queueImage(imageId);
      else await glance.ask('queue', imageId);
    }

    let theirs = 0;
    const theirPrefetch = async () => {
      // From the other end, so that the two meet.
      for (const imageId of (await glance.ask('queued')).queued_images.toReversed()) {
        if ((await glance.ask('put', imageId, files.get(imageId))).ok) theirs += 1;
      }
    };
    const fetched = async (imageId) => {
      for (let turn = 0; turn < 50; turn += 1) await setImmediate();
      return [contents.get(imageId)];
    };
    const [{ cached, failed }] = await Promise.all([cache.prefetch(fetched, { concurrency: 2 }), theirPrefetch()]);

    t.diagnostic(`${ids.length} images: we fetched ${cached.length}, Glance ${theirs}`);
    assert.deepEqual([...failed], []);
    assert(cached.length > 0 && theirs > 0, 'they did not meet');
    assert.deepEqual(await driver.getQueuedImages(), []);
    assert.deepEqual(await glanceIds(glance), [...ids].sort());
    const copy = source(Buffer.alloc(0));
    for (const imageId of ids) {
      assert.deepEqual(await driver.readImage(imageId), contents.get(imageId));
      await glance.ask('get', imageId, copy);
      assert.deepEqual(readFileSync(copy), contents.get(imageId));
    }
  });
});

function fill(driver) {
  for (let n = 0; n < images; n += 1) driver.writeImageSync(`filling-${n}`, bytesOf(imageSize, n));
}
