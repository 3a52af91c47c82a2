import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { bytesOf, readWhole } from '../support/contents.mjs';
import { driverProcess } from '../support/driver-process.mjs';
import { openIn } from '../support/open-files.mjs';
import { runScript } from '../support/run-script.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { assertAbsent } from './conformance/assertions.mjs';

const week = 7 * 86_400;

async function* waitedFor(bytes) {
  yield bytes;
}

/** Opens a driver here, and one in another process that has begun to write 'image'. */
async function besideAWriter(t) {
  const driver = await openDriver(t);
  const other = await driverProcess(t, { dir: driver.dir });
  await other.call('openForWrite', 'image');
  await other.call('write', 'image', bytesOf(1000, 1));
  return { driver, other };
}

test('a writer in another process – alive – is busy, not queued, never reaped', async (t) => {
  const { driver, other } = await besideAWriter(t);

  assert.equal(await driver.isBeingCached('image'), true);
  assert.equal(driver.isBeingCachedSync('image'), true);
  assert.equal(await driver.isCacheable('image'), false);
  assert.equal(await driver.queueImage('image'), false);
  await assert.rejects(driver.openForWrite('image'), { code: 'ERR_IMAGE_BUSY' });
  await assert.rejects(driver.writeImage('image', waitedFor(bytesOf(10))), { code: 'ERR_IMAGE_BUSY' });
  assert.deepEqual(await driver.clean(0), { invalidReaped: 0, stalledReaped: 0 });
  assert.equal((await driver.getUsage()).incomplete, 1);

  await other.call('write', 'image', bytesOf(500, 2));
  await other.call('commit', 'image');
  const expected = Buffer.concat([bytesOf(1000, 1), bytesOf(500, 2)]);
  assert.deepEqual(await driver.readImage('image'), expected);
  assert.equal(await driver.isBeingCached('image'), false);
});

test('an image – deleted while another process writes it – does not appear', async (t) => {
  const { driver, other } = await besideAWriter(t);
  await driver.deleteCachedImage('image');
  await assert.rejects(other.call('commit', 'image'), { code: 'ERR_CLAIM_LOST', imageId: 'image' });
  await other.call('rollback', 'image', 'lost');
  await assertAbsent(driver, 'image');
});

test('glance B15: a dead writer – its image – is free immediately', async (t) => {
  const { driver, other } = await besideAWriter(t);
  await other.kill();

  assert.equal(await driver.isBeingCached('image'), false);
  assert.equal(driver.isBeingCachedSync('image'), false);
  assert.equal(await driver.isCacheable('image'), true);
  assert.equal(await driver.queueImage('image'), true);
  assert.equal(await driver.readImage('image'), undefined);
});

const takeovers = {
  'a writer': async (driver) => {
    const writer = await driver.openForWrite('image');
    assert.equal(writer.bytesWritten, 0);
    await writer.write(bytesOf(300, 2));
    await writer.commit();
  },
  'a Sync writer': async (driver) => {
    const writer = driver.openForWriteSync('image');
    writer.writeSync(bytesOf(300, 2));
    writer.commitSync();
  },
  'an async source': (driver) => driver.writeImage('image', waitedFor(bytesOf(300, 2))),
};
for (const [who, write] of Object.entries(takeovers)) {
  test(`a dead writer – ${who} follows – immediately replaced, nothing left`, async (t) => {
    const { driver, other } = await besideAWriter(t);
    await other.kill();

    await write(driver);

    assert.deepEqual(await driver.readImage('image'), bytesOf(300, 2));
    assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
    assert.deepEqual(await driver.getInvalidImages(), []);
  });
}

test('a dead writer – many claim its image concurrently – one succeeds', async (t) => {
  const { driver, other } = await besideAWriter(t);
  const another = await driverProcess(t, { dir: driver.dir });
  await other.kill();

  const claims = await Promise.allSettled([
    ...Array.from({ length: 10 }, () => driver.openForWrite('image')),
    another.call('openForWrite', 'image'),
  ]);

  const codes = claims.filter((claim) => claim.status === 'rejected').map((claim) => claim.reason.code);
  assert.deepEqual(codes, Array(10).fill('ERR_IMAGE_BUSY'));
  assert.equal((await driver.getUsage()).incomplete, 1);
});

test('a put – over a dead writer – is published', async (t) => {
  const { driver, other } = await besideAWriter(t);
  await other.kill();
  await driver.writeImage('image', bytesOf(10));
  assert.deepEqual(await driver.readImage('image'), bytesOf(10));
});

test('a dead writer – any grace – is reaped with its bytes', async (t) => {
  const { driver, other } = await besideAWriter(t);
  await other.call('openForWrite', 'another');
  await other.kill();

  assert.equal(await driver.reapStalled(week), 2);

  assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
  await assertAbsent(driver, 'image');
});

test('a process – ends without a commit – exits, and has cached nothing', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('cached', bytesOf(10));
  const script = `
    const driver = await xattrCache.XattrDriver.open({ dir: args[0] });
    await driver.openForRead('cached');
    const writer = await driver.openForWrite('writer');
    await writer.write(Buffer.alloc(1000));
    const stream = driver.createWriteStream('stream');
    await new Promise((resolve) => stream.write('bytes', resolve));
    console.log(driver.isBeingCachedSync('writer'), driver.isBeingCachedSync('stream'));`;

  assert.equal(await runScript(script, [driver.dir]), 'true true\n');

  await assertAbsent(driver, 'writer');
  await assertAbsent(driver, 'stream');
  assert.equal(await driver.getHitCount('cached'), 0);
});

test('readers and writers – garbage-collected – release their descriptors', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('cached', bytesOf(10));
  const script = `
    import { readdirSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    const driver = await xattrCache.XattrDriver.open({ dir: args[0] });
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    async function drop() {
      for (let i = 0; i < 20; i++) {
        await driver.openForRead('cached');
        const writer = await driver.openForWrite('dropped ' + i);
        await writer.write(Buffer.alloc(10));
      }
    }
    await drop();
    const held = descriptors();
    for (let i = 0; i < 500 && descriptors() > before; i++) {
      globalThis.gc();
      await sleep(10);
    }
    console.log(held > before, descriptors() - before, await driver.isBeingCached('dropped 7'));`;

  assert.equal(await runScript(script, [driver.dir], { execArgv: ['--expose-gc'] }), 'true 0 false\n');

  await assertAbsent(driver, 'dropped 7');
});

test('glance B5: hits – four processes – none is lost', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', bytesOf(100));
  const script = `
    const driver = await xattrCache.XattrDriver.open({ dir: args[0] });
    for (let i = 0; i < 100; i++) {
      driver.readImageSync('image');
      await Promise.all([driver.readImage('image'), driver.readImage('image')]);
    }`;

  await Promise.all(Array.from({ length: 4 }, () => runScript(script, [driver.dir])));

  assert.equal(await driver.getHitCount('image'), 1200);
});

test('glance B11: evictions – three processes – together evict what one would', async (t) => {
  const driver = await openDriver(t);
  for (let i = 0; i < 300; i++) await driver.writeImage(`${i}`, bytesOf(10));
  const others = await Promise.all([1, 2].map(() => driverProcess(t, { dir: driver.dir })));

  const results = await Promise.all([driver.evictTo(2000), ...others.map((other) => other.call('evictTo', 2000))]);

  assert.equal(
    results.reduce((sum, result) => sum + result.filesEvicted, 0),
    100,
  );
  assert.equal(await driver.getCacheSize(), 2000);
});

test('an image – evicted by another process while read – is read to its end', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', bytesOf(100_000));
  const other = await driverProcess(t, { dir: driver.dir });
  const reader = await driver.openForRead('image');

  assert.equal((await other.call('evictTo', 0)).filesEvicted, 1);

  assert.deepEqual(await readWhole(reader), bytesOf(100_000));
  assert.deepEqual(await reader.close(), { counted: false });
});

test('descriptors – calls that succeed or fail – none stays open', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', bytesOf(100));
  const round = async () => {
    await driver.readImage('image');
    await driver.readImage('missing');
    await (await driver.openForRead('image')).abort();
    await driver.openForRead('missing').catch((error) => assert.equal(error.code, 'ERR_IMAGE_NOT_FOUND'));
    const writer = await driver.openForWrite('other');
    await driver.openForWrite('other').catch((error) => assert.equal(error.code, 'ERR_IMAGE_BUSY'));
    await driver.isBeingCached('other');
    await driver.deleteCachedImage('other');
    await writer.commit().catch((error) => assert.equal(error.code, 'ERR_CLAIM_LOST'));
    await writer[Symbol.asyncDispose]();
    await (await driver.openForWrite('other')).rollback('boom');
    await driver.writeImage('put', bytesOf(10));
    await driver.writeImage('put', waitedFor(bytesOf(10)));
    await driver.queueImage('queued');
    await driver.getCachedImages();
    for await (const _ of driver.cachedImages()) break;
    await driver.readImage('image');
    await driver.evictTo(100);
    await driver.clean(0);
    await driver.configure();
    await driver.deleteAllQueuedImages();
  };
  await round();
  await sleep(50);
  const before = openIn(driver.dir);

  for (let i = 0; i < 20; i++) await round();
  await sleep(50);

  assert.deepEqual(openIn(driver.dir), before);
});
