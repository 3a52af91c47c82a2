import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { CacheError, XattrDriver } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { imageIds } from './conformance/assertions.mjs';

const size = 300_000;

/** Returns the outcomes of many operations. Those that failed did so with a typed error. */
async function settled(promises) {
  const outcomes = await Promise.allSettled(promises);
  for (const { status, reason } of outcomes)
    assert(status === 'fulfilled' || CacheError.is(reason), `${reason?.stack}`);
  return outcomes;
}

for (const inline of [true, false]) {
  const how = inline ? 'inline' : 'in the pool';

  test(`reads (${how}) – reader aborted meanwhile – give their own bytes, or fail`, async (t) => {
    const driver = await openDriver(t, { inline });
    const ids = Array.from({ length: 8 }, (_, i) => `${i}`);
    for (const id of ids) await driver.writeImage(id, bytesOf(size, Number(id)));

    let whole = 0;
    for (let round = 0; round < 30; round++) {
      const reads = ids.map(async (id, i) => {
        const reader = await driver.openForRead(id);
        const buffer = Buffer.alloc(size);
        const read = reader.read(buffer, 0, size, 0);
        if (i % 2 === 0) reader.abortSync();
        const length = await read;
        assert.equal(Buffer.compare(buffer.subarray(0, length), bytesOf(size, i).subarray(0, length)), 0);
        if (i % 2 === 1) await reader.close();
        whole += length === size ? 1 : 0;
      });
      await settled(reads);
    }

    assert(whole >= 30 * 4, `${whole} whole reads`);
  });

  test(`a writer (${how}) – disposed while writing – has no effect`, async (t) => {
    const driver = await openDriver(t, { inline });

    for (let round = 0; round < 20; round++) {
      const left = await driver.openForWrite('left');
      const other = await driver.openForWrite(`other ${round}`);
      const write = left.write(bytesOf(size, 1));
      const disposed = left[Symbol.asyncDispose]();
      const otherWrite = other.write(bytesOf(size, 2));
      await settled([write, disposed, otherWrite]);
      await other.commit();
      assert.equal(Buffer.compare(await driver.readImage(`other ${round}`), bytesOf(size, 2)), 0);
    }

    assert.equal((await imageIds(driver)).length, 20);
    assert.equal(await driver.isBeingCached('left'), false);
  });

  test(`a driver (${how}) – closed with calls pending – ends each, leaves nothing`, async (t) => {
    const dir = await temporaryDirectory(t);
    for (let round = 0; round < 10; round++) {
      const driver = await XattrDriver.open({ dir, inline });
      await driver.writeImage('image', bytesOf(size));
      const writer = await driver.openForWrite('written');
      const operations = [
        driver.getCachedImages(),
        driver.getCacheSize(),
        driver.readImage('image'),
        driver.openForRead('image').then((reader) => reader.close()),
        driver.writeImage('another', bytesOf(size)),
        driver.writeImage(
          'source',
          (async function* () {
            yield bytesOf(size);
          })(),
        ),
        writer.write(bytesOf(size)),
        driver.evictTo(10_000_000),
        driver.clean(),
        driver.queueImage('queued'),
        (async () => {
          for await (const _ of driver.cachedImages());
        })(),
      ];

      await driver.close();

      const [, , read] = await settled(operations);
      if (read.status === 'fulfilled') assert.equal(Buffer.compare(read.value, bytesOf(size)), 0);
      await settled([writer[Symbol.asyncDispose]()]);
    }
    const driver = await openDriver(t, { dir });
    assert.equal(await driver.isBeingCached('written'), false);
    assert.deepEqual(await readdir(join(dir, 'incomplete')), []);
  });
}

test('an eviction – another one in progress – waits for it, or until it is aborted', async (t) => {
  const driver = await openDriver(t);
  for (const id of ['a', 'b']) await driver.writeImage(id, bytesOf(10));
  await driver.evictTo(20);
  await driver.evictTo(19);
  const release = await lockInProcess(t, join(driver.dir, '.xattr-cache', 'lock'));

  const aborted = driver.evictTo(0, { signal: AbortSignal.timeout(50) });
  const waiting = driver.evictTo(0);
  await assert.rejects(aborted, { name: 'TimeoutError' });
  assert.equal((await imageIds(driver)).length, 1);
  await release();

  assert.equal((await waiting).filesEvicted, 1);
});

test('a waiting eviction – driver closed – fails as not open', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', bytesOf(10));
  await driver.evictTo(10);
  await driver.evictTo(9);
  await lockInProcess(t, join(driver.dir, '.xattr-cache', 'lock'));
  const waiting = assert.rejects(driver.evictTo(0), { code: 'ERR_NOT_OPEN' });
  await driver.close();
  await waiting;
});

test('a claim – aborted while it is made – keeps the earlier failure', async (t) => {
  const driver = await openDriver(t);
  const writer = await driver.openForWrite('image');
  await writer.rollback('the first failure');
  const controller = new AbortController();
  const claiming = driver.openForWrite('image', { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(claiming, { message: 'enough' });
  assert.equal(await driver.isBeingCached('image'), false);
  assert.deepEqual(
    (await driver.getInvalidImages()).map(({ error }) => error),
    ['the first failure'],
  );
});

test('an eviction – signal aborted between two steps – stops there', async (t) => {
  const driver = await openDriver(t);
  for (let i = 0; i < 200; i++) driver.writeImageSync(`${i}`, bytesOf(10));
  const stop = new AbortController();
  const reason = new Error('enough');
  const onEvict = () => stop.abort(reason);
  subscribe('xattr-cache:evict', onEvict);
  defer(t, () => unsubscribe('xattr-cache:evict', onEvict));

  await assert.rejects(driver.evictTo(0, { signal: stop.signal }), reason);

  const left = (await driver.getCachedImages()).length;
  assert(left >= 100 && left < 200, `${left} images are left`);
  assert.equal((await driver.evictTo(0)).filesEvicted, left);
});
