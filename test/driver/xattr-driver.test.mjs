import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { XattrDriver } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { openDriver, plant } from '../support/xattr-driver.mjs';
import { refusesArgument } from './conformance/assertions.mjs';
import { conformance } from './conformance.mjs';

for (const inline of [true, false]) {
  conformance(inline ? 'XattrDriver' : 'XattrDriver without inline', {
    create: async (t, options) => new XattrDriver({ dir: await temporaryDirectory(t), inline, ...options }),
    plant,
  });
}

test('open() – new directory – returns a configured driver', async (t) => {
  const dir = await temporaryDirectory(t);
  const driver = await XattrDriver.open({ dir });
  assert(driver instanceof XattrDriver);
  assert.equal(driver.dir, dir);
  assert.equal(await driver.getCacheSize(), 0);

  await driver[Symbol.asyncDispose]();
  await assert.rejects(driver.getCacheSize(), { code: 'ERR_NOT_OPEN' });
});

test('options – invalid – are refused', async () => {
  const wrong = [
    undefined,
    null,
    'dir',
    {},
    { dir: 42 },
    { dir: null },
    { dir: '/tmp', stallTimeSeconds: -1 },
    { dir: '/tmp', stallTimeSeconds: '1' },
    { dir: '/tmp', lockTimeoutMs: -1 },
    { dir: '/tmp', lockTimeoutMs: Number.NaN },
    { dir: '/tmp', accessResolutionMs: -1 },
    { dir: '/tmp', accessResolutionMs: '1' },
    { dir: '/tmp', inline: 'yes' },
  ];
  for (const options of wrong) {
    await refusesArgument(() => new XattrDriver(options));
    await refusesArgument(() => XattrDriver.open(options));
  }
});

test('Sync queries – images in every state – return the same as the async ones', async (t) => {
  const driver = await openDriver(t);
  driver.writeImageSync('cached', bytesOf(1000));
  assert.equal(driver.queueImageSync('queued'), true);
  const writer = driver.openForWriteSync('writing');
  writer.writeSync(bytesOf(10));
  assert.deepEqual(driver.readImageSync('cached'), bytesOf(1000));
  const reader = driver.openForReadSync('cached');
  assert.deepEqual(reader.closeSync(), { counted: true });

  const questions = [
    'isCached',
    'isBeingCached',
    'isCacheable',
    'isQueued',
    'getHitCount',
    'getImageSize',
    'queueImage',
  ];
  const answers = {};
  for (const question of questions) {
    answers[question] = [];
    for (const id of ['cached', 'queued', 'writing', 'unknown']) {
      const answer = driver[`${question}Sync`](id);
      if (question !== 'queueImage') assert.equal(await driver[question](id), answer, `${question}('${id}')`);
      answers[question].push(answer);
    }
  }

  assert.deepEqual(answers, {
    isCached: [true, false, false, false],
    isBeingCached: [false, false, true, false],
    isCacheable: [false, true, false, true],
    isQueued: [false, true, false, false],
    getHitCount: [2, 0, 0, 0],
    getImageSize: [1000, 0, 0, 0],
    queueImage: [false, false, false, true],
  });
  writer.commitSync();
  driver.deleteQueuedImageSync('queued');
  driver.deleteCachedImageSync('cached');
  assert.equal(driver.deleteCachedImageSync('unknown'), undefined);
  assert.equal(driver.readImageSync('cached'), undefined);
  assert.deepEqual(await driver.getQueuedImages(), ['unknown']);
  assert.deepEqual(
    (await driver.getCachedImages()).map((image) => image.imageId),
    ['writing'],
  );
});

const syncWithId = {
  isCachedSync: (driver, id) => driver.isCachedSync(id),
  isBeingCachedSync: (driver, id) => driver.isBeingCachedSync(id),
  isCacheableSync: (driver, id) => driver.isCacheableSync(id),
  isQueuedSync: (driver, id) => driver.isQueuedSync(id),
  getHitCountSync: (driver, id) => driver.getHitCountSync(id),
  getImageSizeSync: (driver, id) => driver.getImageSizeSync(id),
  deleteCachedImageSync: (driver, id) => driver.deleteCachedImageSync(id),
  queueImageSync: (driver, id) => driver.queueImageSync(id),
  deleteQueuedImageSync: (driver, id) => driver.deleteQueuedImageSync(id),
  openForReadSync: (driver, id) => driver.openForReadSync(id),
  readImageSync: (driver, id) => driver.readImageSync(id),
  openForWriteSync: (driver, id) => driver.openForWriteSync(id),
  writeImageSync: (driver, id) => driver.writeImageSync(id, bytesOf(1)),
};

test('Sync methods – invalid id or driver not open – are refused', async (t) => {
  const driver = await openDriver(t);
  const closed = new XattrDriver({ dir: driver.dir });
  for (const [name, call] of Object.entries(syncWithId)) {
    for (const id of ['', '.', '..', 'a/b', 'a\0b', 'queue', '.hidden', '\ud800', 'a'.repeat(256)]) {
      assert.throws(() => call(driver, id), { code: 'ERR_INVALID_IMAGE_ID', imageId: id }, name);
    }
    assert.throws(() => call(driver, 42), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }, name);
    assert.throws(() => call(closed, 'image'), { code: 'ERR_NOT_OPEN' }, name);
  }
  await closed.close();
});

test('Sync actions – that fail – throw the errors of the async ones', async (t) => {
  const driver = await openDriver(t);
  const writer = driver.openForWriteSync('image', { expectedSize: 10 });
  assert.throws(() => driver.openForReadSync('image'), { code: 'ERR_IMAGE_NOT_FOUND', imageId: 'image' });
  assert.throws(() => driver.openForWriteSync('image'), { code: 'ERR_IMAGE_BUSY', imageId: 'image' });
  assert.throws(() => writer.commitSync(), { code: 'ERR_SIZE_MISMATCH', expected: 10, actual: 0 });
  await writer[Symbol.asyncDispose]();
  for (const source of ['text', undefined, [bytesOf(1)]]) {
    await refusesArgument(() => driver.writeImageSync('image', source));
  }
  assert.equal(driver.isCachedSync('image'), false);
});

test('getImageFilepath() – each state – returns its path', async (t) => {
  const driver = await openDriver(t);

  assert.equal(driver.getImageFilepath('a b'), join(driver.dir, 'a b'));
  assert.equal(driver.getImageFilepath('a', 'cached'), join(driver.dir, 'a'));
  assert.equal(driver.getImageFilepath('a', 'incomplete'), join(driver.dir, 'incomplete', 'a'));
  assert.equal(driver.getImageFilepath('a', 'invalid'), join(driver.dir, 'invalid', 'a'));
  assert.equal(driver.getImageFilepath('a', 'queue'), join(driver.dir, 'queue', 'a'));
  for (const state of ['active', '', null, 1]) await refusesArgument(() => driver.getImageFilepath('a', state));
  assert.throws(() => driver.getImageFilepath('../x'), { code: 'ERR_INVALID_IMAGE_ID' });
});

test('capabilities – configured – describe the file system', async (t) => {
  const { capabilities } = await openDriver(t);

  const { fileSystem, atime, timeResolutionMs, checkpointProblem, ...flags } = capabilities;
  assert.match(fileSystem, /^\w/);
  assert(['strictatime', 'relatime', 'noatime', 'unknown'].includes(atime));
  assert(timeResolutionMs > 0 && timeResolutionMs <= 1000);
  assert.equal(typeof checkpointProblem, flags.checkpoint ? 'undefined' : 'string');
  const names = ['cachedOpen', 'checkpoint', 'countsHits', 'locks', 'namelessFiles', 'nowaitRead', 'reflink', 'remote'];
  assert.deepEqual(Object.keys(flags).sort(), names);
  for (const name of names) assert.equal(typeof flags[name], 'boolean', name);
  assert.equal(flags.countsHits, true);
});

test('the descriptor of a reader – while open – is one of the image', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', bytesOf(1234));
  const reader = await driver.openForRead('image');
  assert.equal(fstatSync(reader.fd).size, 1234);
  await reader.abort();
});

test('glance B9: accesses – in quick succession – have distinct times', async (t) => {
  const driver = await openDriver(t);
  const order = Array.from({ length: 50 }, (_, i) => `${(i * 17) % 50}`);
  for (let i = 0; i < 50; i++) driver.writeImageSync(`${i}`, bytesOf(1));
  await sleep(20);

  for (const id of order) driver.readImageSync(id);

  const { images } = await driver.evictTo(0);
  assert.deepEqual(
    images.map((image) => image.imageId),
    order,
  );
});

test('an access time – in the future – is overwritten by the next hit', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', bytesOf(10));
  await utimes(driver.getImageFilepath('image'), Date.now() / 1000 + 86_400, Date.now() / 1000);

  await driver.readImage('image');

  const [{ lastAccessedMs }] = await driver.getCachedImages();
  assert(Math.abs(lastAccessedMs - Date.now()) < 1000);
});

test('an access resolution – recent access – counts the hit, leaves the time', async (t) => {
  const driver = await openDriver(t, { accessResolutionMs: 60_000 });
  await driver.writeImage('image', bytesOf(10));
  await driver.readImage('image');
  const [{ lastAccessedMs }] = await driver.getCachedImages();
  await sleep(20);

  await driver.readImage('image');
  const [again] = await driver.getCachedImages();
  assert.deepEqual([again.hits, again.lastAccessedMs], [2, lastAccessedMs]);

  const path = driver.getImageFilepath('image');
  await utimes(path, Date.now() / 1000 - 120, Date.now() / 1000 - 120);
  await driver.readImage('image');
  const [old] = await driver.getCachedImages();
  assert(Math.abs(old.lastAccessedMs - Date.now()) < 1000);
});

test('an infinite access resolution – any read – counts the hit, leaves the time', async (t) => {
  const driver = await openDriver(t, { accessResolutionMs: Number.POSITIVE_INFINITY });
  await driver.writeImage('image', bytesOf(10));
  await utimes(driver.getImageFilepath('image'), 1000, 1000);

  await driver.readImage('image');
  await (await driver.openForRead('image')).close();
  driver.readImageSync('image');

  const [{ hits, lastAccessedMs }] = await driver.getCachedImages();
  assert.deepEqual([hits, lastAccessedMs], [3, 1_000_000]);
});

test('a hit – image stays locked – is not counted, is logged, fails no read', async (t) => {
  const entries = [];
  const log = (entry) => entries.push(entry);
  const logger = { debug: log, info: log, warn: log, error: log };
  const driver = await openDriver(t, { lockTimeoutMs: 100, logger });
  await driver.writeImage('image', bytesOf(10));
  const reader = await driver.openForRead('image');
  await lockInProcess(t, driver.getImageFilepath('image'));
  entries.length = 0;

  const start = performance.now();
  assert.deepEqual(await reader.close(), { counted: false });
  const waited = performance.now() - start;
  assert.deepEqual(await driver.readImage('image'), bytesOf(10));
  assert.deepEqual(driver.readImageSync('image'), bytesOf(10));

  assert(waited > 90 && waited < 900, `${waited} ms`);
  assert(entries.length > 0);
  for (const entry of entries) assert.equal(typeof entry, 'object');
  assert.equal(await driver.getHitCount('image'), 0);
});

test('a hit – image locked for a while – is counted when the lock is free', async (t) => {
  const driver = await openDriver(t, { lockTimeoutMs: 5000 });
  await driver.writeImage('image', bytesOf(10));
  const release = await lockInProcess(t, driver.getImageFilepath('image'));

  const hits = Array.from({ length: 10 }, async () => (await driver.openForRead('image')).close());
  await sleep(100);
  await release();

  assert.deepEqual(await Promise.all(hits), Array(10).fill({ counted: true }));
  assert.equal(await driver.getHitCount('image'), 10);
});
