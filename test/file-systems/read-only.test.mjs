// A file system that becomes read-only under an open driver: by an operator, or by the kernel after an error.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';

import { CacheError } from '../../dist/index.js';
import { assertAbsent } from '../driver/conformance/assertions.mjs';
import { calls } from '../driver/conformance/calls.mjs';
import { bytesOf, readWhole } from '../support/contents.mjs';
import { mountUntilOver, needsFileSystem } from '../support/file-systems.mjs';
import { sampled } from '../support/sample.mjs';
import { within } from '../support/within.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { kinds } from './kinds.mjs';

const remountable = Object.entries(kinds).filter(([, { type }]) => type !== 'overlay' && type !== 'fuse');
for (const [name, kind] of sampled(remountable, 3)) {
  describe(`on ${name}`, { skip: needsFileSystem(kind) }, () => {
    test('a cache – remounted read-only, then writable – reads uncounted, then as before', async (t) => {
      const mounted = await mountUntilOver(t, kind);
      const driver = await openDriver(t, { dir: mounted.dir });
      await driver.writeImage('image', bytesOf(100_000));
      await driver.queueImage('queued');
      const reader = await driver.openForRead('image');
      mounted.remount('ro');

      assert.equal(Buffer.compare(await readWhole(reader), bytesOf(100_000)), 0);
      assert.deepEqual(await reader.close(), { counted: false });
      assert.equal(Buffer.compare(await driver.readImage('image'), bytesOf(100_000)), 0);
      assert.equal(Buffer.compare(driver.readImageSync('image'), bytesOf(100_000)), 0);
      await endsTyped(driver);
      const late = await openDriver(t, { dir: mounted.dir });
      assert.equal(late.capabilities.countsHits, false);
      assert.equal(Buffer.compare(await late.readImage('image'), bytesOf(100_000)), 0);
      mounted.remount(`rw,${kind.options ?? 'relatime'}`);

      assert.equal(await driver.getHitCount('image'), 0);
      assert.deepEqual(await driver.getQueuedImages(), ['queued']);
      await driver.readImage('image');
      assert.equal(await driver.getHitCount('image'), 1);
      await driver.writeImage('queued', bytesOf(10));
      await driver.writeImage('image', bytesOf(20));
      assert.deepEqual(await late.readImage('image'), bytesOf(20));
      assert.equal((await driver.evictTo(0)).filesEvicted, 2);
    });
  });
}

const kind = { type: 'ext4' };
test('a file system – turned read-only during a write – keeps all that reached it', {
  skip: needsFileSystem(kind),
}, async (t) => {
  const mounted = await mountUntilOver(t, kind);
  const driver = await openDriver(t, { dir: mounted.dir });
  await driver.writeImage('image', bytesOf(100_000, 1));
  await driver.writeImage('replaced', bytesOf(1000, 2));
  // What the kernel has not written yet is lost with the journal, as in a loss of power; that is not the matter here.
  execFileSync('sync', ['--file-system', mounted.dir]);
  const writers = [];
  for (const id of ['half written', 'replaced']) writers.push(await driver.openForWrite(id));
  for (const writer of writers) await writer.write(bytesOf(50_000, 3));
  const reader = await driver.openForRead('image');
  mounted.remount('abort');

  for (const writer of writers) {
    await assert.rejects(writer.write(bytesOf(50_000, 4)), CacheError.is);
    await assert.rejects(writer.commit(), CacheError.is);
    await writer.rollback('the disk is gone').catch((error) => assert(CacheError.is(error), error.stack));
  }
  assert.equal(Buffer.compare(await readWhole(reader), bytesOf(100_000, 1)), 0);
  assert.deepEqual(await reader.close(), { counted: false });
  assert.deepEqual(await driver.readImage('replaced'), bytesOf(1000, 2));
  await endsTyped(driver);
  await driver.close();
  mounted.check();

  const again = await openDriver(t, { dir: mounted.dir });
  assert.equal(Buffer.compare(await again.readImage('image'), bytesOf(100_000, 1)), 0);
  assert.deepEqual(await again.readImage('replaced'), bytesOf(1000, 2));
  await assertAbsent(again, 'half written');
  await again.writeImage('half written', bytesOf(50_000, 3));
  await again.clean(0);
  assert.deepEqual(await again.getUsage().then(({ incomplete, invalid }) => [incomplete, invalid]), [0, 0]);
});

async function listInBatches(driver) {
  for await (const _ of driver.cachedImages());
}

/** Asserts that each method ends soon, with a value or an error of ours. */
async function endsTyped(driver) {
  for (const [name, call] of Object.entries({ ...calls, cachedImages: listInBatches })) {
    const [{ status, value, reason }] = await within(10_000, Promise.allSettled([call(driver)]), name);
    assert(status === 'fulfilled' || CacheError.is(reason), `${name}: ${reason?.stack}`);
    if (name === 'openForRead' && status === 'fulfilled') await value.abort();
    if (name === 'openForWrite') assert.equal(status, 'rejected');
  }
}
