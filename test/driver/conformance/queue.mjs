import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf } from '../../support/contents.mjs';

export function queue({ open, plant, tick }) {
  test('an image – queued twice – is queued once, and not cached', async (t) => {
    const driver = await open(t);
    assert.equal(await driver.isQueued('image'), false);

    assert.equal(await driver.queueImage('image'), true);
    assert.equal(await driver.queueImage('image'), false);

    assert.equal(await driver.isQueued('image'), true);
    assert.equal(await driver.isCached('image'), false);
    assert.equal(await driver.isCacheable('image'), true);
    assert.equal(await driver.getCacheSize(), 0);
    assert.deepEqual(await driver.getCachedImages(), []);
    assert.deepEqual(await driver.getQueuedImages(), ['image']);
    assert.equal((await driver.getUsage()).queued, 1);
  });

  test('queueImage() – many concurrent calls – one returns true', async (t) => {
    const driver = await open(t);
    const answers = await Promise.all(Array.from({ length: 20 }, () => driver.queueImage('image')));
    assert.equal(answers.filter((answer) => answer).length, 1);
  });

  test('a cached image – queued – is refused', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(10));
    assert.equal(await driver.queueImage('image'), false);
    assert.equal(await driver.isQueued('image'), false);

    await driver.deleteCachedImage('image');
    assert.equal(await driver.queueImage('image'), true);
  });

  test('an image being cached – queued – is refused', async (t) => {
    const driver = await open(t);
    const writer = await driver.openForWrite('image');
    assert.equal(await driver.queueImage('image'), false);
    assert.equal(await driver.isQueued('image'), false);

    await writer.rollback('boom');
    assert.equal(await driver.queueImage('image'), true);
  });

  const skip = plant.stalled ? false : 'this driver cannot plant a half-written image';
  test('an image – half-written file left – cannot be queued until it is reaped', { skip }, async (t) => {
    const driver = await open(t);
    await plant.stalled(driver, 'image', 0);
    assert.equal(await driver.isBeingCached('image'), true);
    assert.equal(await driver.queueImage('image'), false);

    assert.deepEqual(await driver.clean(0), { invalidReaped: 0, stalledReaped: 1 });

    assert.equal(await driver.isBeingCached('image'), false);
    assert.equal(await driver.queueImage('image'), true);
  });

  const ways = {
    'a put': (driver) => driver.writeImage('image', bytesOf(10)),
    'a source': (driver) =>
      driver.writeImage(
        'image',
        (async function* () {
          yield bytesOf(10);
        })(),
      ),
    'a writer': async (driver) => await (await driver.openForWrite('image')).commit(),
    'a Sync writer': async (driver) => (await driver.openForWrite('image')).commitSync(),
  };
  for (const [way, write] of Object.entries(ways)) {
    test(`a queued image – cached from ${way} – is removed, no other is`, async (t) => {
      const driver = await open(t);
      await driver.queueImage('image');
      await driver.queueImage('other');
      await write(driver);
      assert.equal(await driver.isQueued('image'), false);
      assert.deepEqual(await driver.getQueuedImages(), ['other']);
    });
  }

  test('a queued image – caching failed – stays queued', async (t) => {
    const driver = await open(t);
    await driver.queueImage('image');
    const writer = await driver.openForWrite('image');
    assert.equal(await driver.isQueued('image'), true);
    await writer.rollback('boom');
    assert.equal(await driver.isQueued('image'), true);
  });

  test('the queue – any names – is in the order of queueing', async (t) => {
    const driver = await open(t);
    const order = ['2', '0', '10', 'b', '1', 'a'];
    for (const id of order) {
      await driver.queueImage(id);
      await tick();
    }
    assert.deepEqual(await driver.getQueuedImages(), order);

    await driver.deleteQueuedImage('10');
    assert.deepEqual(await driver.getQueuedImages(), ['2', '0', 'b', '1', 'a']);
    assert.equal(await driver.queueImage('10'), true);
    assert.deepEqual(await driver.getQueuedImages(), ['2', '0', 'b', '1', 'a', '10']);
  });

  test('deleteAllQueuedImages() – three images – empties the queue, returns 3', async (t) => {
    const driver = await open(t);
    await driver.writeImage('cached', bytesOf(10));
    for (const id of ['a', 'b', 'c']) await driver.queueImage(id);

    assert.equal(await driver.deleteAllQueuedImages(), 3);

    assert.deepEqual(await driver.getQueuedImages(), []);
    assert.equal(await driver.isCached('cached'), true);
    assert.equal(await driver.deleteAllQueuedImages(), 0);
  });

  test('deletions – cached and queued images – affect their own kind only', async (t) => {
    const driver = await open(t);
    await driver.queueImage('queued');
    await driver.writeImage('cached', bytesOf(10));

    await driver.deleteCachedImage('queued');
    await driver.deleteQueuedImage('cached');
    assert.equal(await driver.isQueued('queued'), true);
    assert.equal(await driver.isCached('cached'), true);

    assert.equal(await driver.deleteAllCachedImages(), 1);
    assert.equal(await driver.isQueued('queued'), true);
  });
}
