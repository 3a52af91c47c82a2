import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf } from '../../support/contents.mjs';
import { calls } from './calls.mjs';

export function lifecycle({ create, open }) {
  test('every method – before configure() – is refused', async (t) => {
    const driver = await create(t, {});

    const refused = await namesRefused(driver);

    assert.deepEqual(refused, Object.keys(calls));
    await driver.close();
  });

  test('every method – after close() – is refused', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(10));
    await driver.close();

    const refused = await namesRefused(driver);

    assert.deepEqual(refused, Object.keys(calls));
  });

  test('close() – again, or before configure() – succeeds', async (t) => {
    const driver = await create(t, {});
    await driver.close();
    const opened = await open(t);
    await opened.close();
    await opened.close();
    await assert.rejects(opened.getCacheSize(), { code: 'ERR_NOT_OPEN' });
  });

  test('configure() – again – succeeds, and loses nothing', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(10));

    await driver.configure();

    assert.deepEqual(await driver.readImage('image'), bytesOf(10));
    assert.equal(await driver.getHitCount('image'), 1);
  });

  test('a new cache – every query – is empty', async (t) => {
    const driver = await open(t);

    assert.equal(await driver.getCacheSize(), 0);
    assert.deepEqual(await driver.getCachedImages(), []);
    assert.deepEqual(await driver.getQueuedImages(), []);
    assert.deepEqual(await driver.getInvalidImages(), []);
    assert.equal(await driver.getLeastRecentlyAccessed(), undefined);
    assert.equal(await driver.deleteAllCachedImages(), 0);
    assert.equal(await driver.deleteAllQueuedImages(), 0);
    assert.equal(await driver.reapInvalid(), 0);
    assert.equal(await driver.reapStalled(), 0);
    const { incomplete, invalid, queued } = await driver.getUsage();
    assert.deepEqual({ incomplete, invalid, queued }, { incomplete: 0, invalid: 0, queued: 0 });
  });

  test('queries – unknown image – return, and do not throw', async (t) => {
    const driver = await open(t);

    assert.equal(await driver.isCached('unknown'), false);
    assert.equal(await driver.isBeingCached('unknown'), false);
    assert.equal(await driver.isQueued('unknown'), false);
    assert.equal(await driver.isCacheable('unknown'), true);
    assert.equal(await driver.getHitCount('unknown'), 0);
    assert.equal(await driver.getImageSize('unknown'), 0);
    assert.equal(await driver.readImage('unknown'), undefined);
  });

  test('deletions – unknown image – succeed, and remove nothing', async (t) => {
    const driver = await open(t);
    await driver.writeImage('other', bytesOf(10));
    await driver.queueImage('another');

    assert.equal(await driver.deleteCachedImage('unknown'), undefined);
    assert.equal(await driver.deleteQueuedImage('unknown'), undefined);

    assert.equal(await driver.isCached('other'), true);
    assert.equal(await driver.isQueued('another'), true);
  });
}

async function namesRefused(driver) {
  const refused = [];
  for (const [name, call] of Object.entries(calls)) {
    await assert.rejects(
      async () => call(driver),
      { code: 'ERR_NOT_OPEN' },
      `${name}() works on a driver that is not open`,
    );
    refused.push(name);
  }
  return refused;
}
