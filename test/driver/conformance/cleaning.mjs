import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf } from '../../support/contents.mjs';
import { assertAbsent, refusesArgument } from './assertions.mjs';

const hour = 3600;
const day = 24 * hour;

/** Failed writes, and leftovers of writers that did not finish. */
export function cleaning({ open, plant, tick }) {
  const noInvalid = plant.invalid ? false : 'this driver cannot plant an old failed write';
  const noStalled = plant.stalled ? false : 'this driver cannot plant a half-written image';

  async function fail(driver, id, reason = 'boom', size = 10) {
    const writer = await driver.openForWrite(id);
    await writer.write(bytesOf(size));
    await writer.rollback(reason);
  }

  test('failed writes – any names – are listed newest first', async (t) => {
    const driver = await open(t);
    const order = ['b', '0', 'c', 'a', '10'];
    const before = Date.now();
    for (const [i, id] of order.entries()) {
      await fail(driver, id, `boom ${i}`, 100 + i);
      await tick();
    }

    const images = await driver.getInvalidImages();

    assert.deepEqual(
      images.map((image) => image.imageId),
      order.toReversed(),
    );
    for (const [i, image] of images.toReversed().entries()) {
      assert.deepEqual(Object.keys(image).sort(), ['error', 'imageId', 'lastModifiedMs', 'size']);
      assert.equal(image.size, 100 + i);
      assert.match(image.error, new RegExp(`boom ${i}`));
      assert(image.lastModifiedMs > before - 1000 && image.lastModifiedMs < Date.now() + 1000);
    }
  });

  test('a failed write – of an image that failed before – replaces the earlier one', async (t) => {
    const driver = await open(t);
    await fail(driver, 'image', 'first', 10);
    await fail(driver, 'image', 'second', 20);

    const images = await driver.getInvalidImages();

    assert.equal(images.length, 1);
    assert.equal(images[0].size, 20);
    assert.match(images[0].error, /second/);
  });

  test('an image – failed before – can be cached again, its failure stays listed', async (t) => {
    const driver = await open(t);
    await fail(driver, 'image');
    assert.equal(await driver.isCacheable('image'), true);
    await driver.writeImage('image', bytesOf(10));
    assert.equal(await driver.isCached('image'), true);
    assert.equal((await driver.getInvalidImages()).length, 1);
  });

  test('clean() – recent failed writes – reaps them all', async (t) => {
    const driver = await open(t);
    await fail(driver, 'a');
    await fail(driver, 'b');
    await driver.writeImage('cached', bytesOf(10));
    await driver.queueImage('queued');

    assert.deepEqual(await driver.clean(), { invalidReaped: 2, stalledReaped: 0 });

    assert.deepEqual(await driver.getInvalidImages(), []);
    assert.equal(await driver.isCached('cached'), true);
    assert.equal(await driver.isQueued('queued'), true);
    assert.deepEqual(await driver.clean(), { invalidReaped: 0, stalledReaped: 0 });
  });

  test('reapInvalid() – with and without a grace – reaps the older ones, or all', { skip: noInvalid }, async (t) => {
    const driver = await open(t);
    await plant.invalid(driver, 'old', 2 * day);
    await plant.invalid(driver, 'older', 3 * day);
    await fail(driver, 'fresh');
    assert.deepEqual(
      (await driver.getInvalidImages()).map((image) => image.imageId),
      ['fresh', 'old', 'older'],
    );

    assert.equal(await driver.reapInvalid(4 * day), 0);
    assert.equal(await driver.reapInvalid(2.5 * day), 1);
    assert.equal(await driver.reapInvalid(day), 1);
    assert.deepEqual(
      (await driver.getInvalidImages()).map((image) => image.imageId),
      ['fresh'],
    );
    assert.equal(await driver.reapInvalid(), 1);
    await fail(driver, 'fresh');
    assert.equal(await driver.reapInvalid(0), 1);
    assert.deepEqual(await driver.getInvalidImages(), []);
  });

  test('clean() – stall time 0 – reaps half-written images immediately', { skip: noStalled }, async (t) => {
    const driver = await open(t);
    await plant.stalled(driver, 'image', 0);
    assert.equal(await driver.isBeingCached('image'), true);
    assert.equal(await driver.isCacheable('image'), false);
    await assert.rejects(driver.openForWrite('image'), { code: 'ERR_IMAGE_BUSY' });

    assert.deepEqual(await driver.clean(0), { invalidReaped: 0, stalledReaped: 1 });

    await assertAbsent(driver, 'image');
    assert.equal((await driver.getUsage()).incomplete, 0);
  });

  test('clean() – no stall time – uses that of the driver, a day by default', { skip: noStalled }, async (t) => {
    const driver = await open(t);
    await plant.stalled(driver, 'two days', 2 * day);
    await plant.stalled(driver, 'an hour', hour);
    await plant.stalled(driver, 'fresh', 0);

    assert.deepEqual(await driver.clean(), { invalidReaped: 0, stalledReaped: 1 });

    assert.equal(await driver.isBeingCached('two days'), false);
    assert.equal(await driver.isBeingCached('an hour'), true);
    assert.equal(await driver.isBeingCached('fresh'), true);
  });

  test('clean() – stall time set in the driver – uses it', { skip: noStalled }, async (t) => {
    const driver = await open(t, { stallTimeSeconds: hour });
    await plant.stalled(driver, 'two hours', 2 * hour);
    await plant.stalled(driver, 'fresh', 0);

    assert.deepEqual(await driver.clean(), { invalidReaped: 0, stalledReaped: 1 });

    assert.equal(await driver.isBeingCached('fresh'), true);
  });

  test('clean() – stall time given – reaps older leftovers, keeps recent ones', { skip: noStalled }, async (t) => {
    const driver = await open(t);
    await plant.stalled(driver, 'a day', day);
    await plant.stalled(driver, 'fresh', 0);

    assert.deepEqual(await driver.clean(hour), { invalidReaped: 0, stalledReaped: 1 });

    assert.equal(await driver.isBeingCached('a day'), false);
    assert.equal(await driver.isBeingCached('fresh'), true);
  });

  test('reapStalled() – with and without a grace – reaps the older ones, or all', { skip: noStalled }, async (t) => {
    const driver = await open(t);
    await plant.stalled(driver, 'two days', 2 * day);
    await plant.stalled(driver, 'fresh', 0);

    assert.equal(await driver.reapStalled(3 * day), 0);
    assert.equal(await driver.reapStalled(hour), 1);
    assert.equal(await driver.reapStalled(), 1);
    await plant.stalled(driver, 'fresh', 0);
    assert.equal(await driver.reapStalled(0), 1);
    assert.equal((await driver.getUsage()).incomplete, 0);
  });

  test('glance B16: a live writer – reaped with any grace – is left alone', async (t) => {
    const driver = await open(t);
    const writer = await driver.openForWrite('image');
    await writer.write(bytesOf(1000).subarray(0, 500));

    assert.deepEqual(await driver.clean(0), { invalidReaped: 0, stalledReaped: 0 });
    assert.equal(await driver.reapStalled(), 0);
    assert.equal(await driver.reapStalled(0), 0);
    assert.equal(await driver.isBeingCached('image'), true);

    await writer.write(bytesOf(1000).subarray(500));
    await writer.commit();
    assert.deepEqual(await driver.readImage('image'), bytesOf(1000));
  });

  test('a grace – invalid – is refused, and nothing is reaped', async (t) => {
    const driver = await open(t);
    await fail(driver, 'image');
    for (const seconds of [-1, Number.NaN, '0', null, {}]) {
      await refusesArgument(() => driver.reapInvalid(seconds));
      await refusesArgument(() => driver.reapStalled(seconds));
      await refusesArgument(() => driver.clean(seconds));
    }
    assert.equal((await driver.getInvalidImages()).length, 1);
  });
}
