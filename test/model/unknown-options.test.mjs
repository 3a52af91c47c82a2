// A misspelt option that passed silently gave a cache of the default size.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ImageCache, incXattr, incXattrSync, XattrDriver } from '../../dist/index.js';
import { openCache } from '../manager/support/caches.mjs';
import { defer } from '../support/defer.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { functionsWithOptions } from './support/functions-with-options.mjs';

const bytes = Buffer.alloc(10, 1);
const neverCalled = () => assert.fail('the source was asked');

/** Each public function that takes options: the misspelt name, the known one, and the call with the former. */
const calls = {
  'XattrDriver.constructor': ['lockTimeout', 'lockTimeoutMs', (_, o) => new XattrDriver({ dir: 'x', ...o })],
  'XattrDriver.open': ['accessResolution', 'accessResolutionMs', (_, o) => XattrDriver.open({ dir: 'x', ...o })],
  'XattrDriver.recover': ['dryrun', 'dryRun', (_, o) => XattrDriver.recover({ dir: 'x' }, o)],
  'XattrDriver.openForWrite': ['expectedsize', 'expectedSize', ({ driver }, o) => driver.openForWrite('new', o)],
  'XattrDriver.openForWriteSync': ['size', undefined, ({ driver }, o) => driver.openForWriteSync('new', o)],
  'XattrDriver.writeImage': ['expectSize', 'expectedSize', ({ driver }, o) => driver.writeImage('new', bytes, o)],
  'XattrDriver.createWriteStream': ['Signal', 'signal', ({ driver }, o) => driver.createWriteStream('new', o)],
  'XattrDriver.createReadStream': ['stat', 'start', ({ driver }, o) => driver.createReadStream('image', o)],
  'XattrDriver.evictTo': ['dryrun', 'dryRun', ({ driver }, o) => driver.evictTo(0, o)],
  'ImageReader.createReadStream': ['ende', 'end', ({ reader }, o) => reader.createReadStream(o)],
  'FetchedImage.createReadStream': ['End', 'end', ({ fetched }, o) => fetched.createReadStream(o)],
  'ImageCache.open': ['maxsize', 'maxSize', (_, o) => ImageCache.open({ dir: 'x', ...o })],
  'ImageCache.prune': ['max_size', 'maxSize', ({ cache }, o) => cache.prune(o)],
  'ImageCache.prefetch': ['concurency', 'concurrency', ({ cache }, o) => cache.prefetch(neverCalled, o)],
  'ImageCache.cacheImage': ['checkSum', 'checksum', ({ cache }, o) => cache.cacheImage('new', bytes, o)],
  'ImageCache.cachingIterator': ['replaces', 'replace', ({ cache }, o) => cache.cachingIterator('new', [], o).next()],
  'ImageCache.getOrFetch': ['finishfetch', 'finishFetch', ({ cache }, o) => cache.getOrFetch('new', neverCalled, o)],
  'ImageCache.verify': ['onprogress', 'onProgress', ({ cache }, o) => cache.verify('image', o)],
  incXattr: ['lockTimeOutMs', 'lockTimeoutMs', ({ path }, o) => incXattr(path, 'n', 1, o)],
  incXattrSync: ['timeout', undefined, ({ path }, o) => incXattrSync(path, 'n', 1, o)],
};

/** The functions of `CacheDriver` are those of `XattrDriver`. */
const covered = (name) => name in calls || name.replace(/^CacheDriver\./, 'XattrDriver.') in calls;

test('every public function that takes options – of the package – is tested here', () => {
  const found = functionsWithOptions();
  assert.deepEqual(
    found.filter((name) => !covered(name)),
    [],
  );
  assert.deepEqual(
    Object.keys(calls).filter((name) => !found.includes(name)),
    [],
  );
});

async function openScene(t) {
  const driver = await XattrDriver.open({ dir: await temporaryDirectory(t) });
  await driver.writeImage('image', bytes);
  const cache = await openCache(t, { driver });
  const reader = await driver.openForRead('image');
  const fetched = await cache.getOrFetch('image', neverCalled);
  defer(t, () => Promise.all([reader.abort(), fetched.abort()]));
  return { driver, cache, reader, fetched, path: driver.getImageFilepath('image') };
}

for (const [name, [wrong, known, call]] of Object.entries(calls)) {
  test(`${name} – option ${wrong} – is refused, and nothing is done`, async (t) => {
    const scene = await openScene(t);
    await assert.rejects(async () => call(scene, { [wrong]: 1 }), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: new RegExp(`^options\\.${wrong} is unknown; ${known ? `did you mean ${known}\\?$` : 'known are '}`),
    });
    const { incomplete, invalid } = await scene.driver.getUsage();
    assert.deepEqual([incomplete, invalid, await scene.driver.isCached('new')], [0, 0, false]);
  });
}

test('options.limits – misspelt name – is refused', () => {
  const refused = { message: 'options.limits.maxInvalidsize is unknown; did you mean maxInvalidSize?' };
  assert.throws(() => new XattrDriver({ dir: 'x', limits: { maxInvalidsize: 1 } }), refused);
});

test('options – undefined – count as not given', async (t) => {
  const { driver, cache } = await openScene(t);
  const write = { expectedSize: undefined, signal: undefined };
  await driver.writeImage('undefined', bytes, write);
  await cache.cacheImage('other', bytes, { ...write, checksum: undefined, replace: undefined });
  const { images } = await cache.prune({ maxSize: undefined, dryRun: undefined, signal: undefined });
  assert.deepEqual(images, []);
  assert.equal(await driver.isCached('other'), true);
});

test('options – that change after the check – are taken as they were', async (t) => {
  const { cache } = await openScene(t);
  let reads = 0;
  const fickle = {
    get replace() {
      reads += 1;
      return reads > 1;
    },
  };
  assert.equal(await cache.cacheImage('image', Buffer.from('others'), fickle), false);
  assert.deepEqual(await cache.driver.readImage('image'), bytes);
});
