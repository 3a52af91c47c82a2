import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { CacheError } from '../../dist/index.js';
import { assertAbsent, assertInvalid } from '../driver/conformance/assertions.mjs';
import { bytesOf } from '../support/contents.mjs';
import { mountFresh, needsMount } from '../support/mounts.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

const options = { skip: needsMount };

const megabyte = 1_048_576;

async function smallDriver(t) {
  return await openDriver(t, { dir: await mountFresh(t, 'tmpfs', 'size=1m') });
}

test('glance B14: a write – fills the disk – fails typed, and leaves the disk free', {
  skip: needsMount,
}, async (t) => {
  const driver = await smallDriver(t);
  await driver.writeImage('kept', bytesOf(1000));
  const { freeBytes } = await driver.getUsage();
  const writer = await driver.openForWrite('image');
  const write = async () => {
    for (let i = 0; i < 40; i++) await writer.write(bytesOf(65_536));
    await writer.commit();
  };

  await assert.rejects(write, { code: 'ERR_NO_SPACE', imageId: 'image' });
  await writer.rollback('the disk is full');

  await assertAbsent(driver, 'image');
  assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
  await driver.clean(0);
  assert.equal((await driver.getUsage()).freeBytes, freeBytes);
  assert.deepEqual(await driver.readImage('kept'), bytesOf(1000));
  await driver.writeImage('image', bytesOf(megabyte / 2));
  assert.equal(await driver.getImageSize('image'), megabyte / 2);
});

for (const inTurn of [true, false]) {
  test(`a write – ${inTurn ? 'after' : 'beside'} a failed one – fails too`, options, async (t) => {
    const driver = await smallDriver(t);
    const writer = await driver.openForWrite('image');
    const first = assert.rejects(writer.write(bytesOf(2 * megabyte)), { code: 'ERR_NO_SPACE' });
    if (inTurn) await first;
    await assert.rejects(writer.write(bytesOf(10)), { code: 'ERR_NO_SPACE' });
    await first;
    if (inTurn) assert.throws(() => writer.writeSync(bytesOf(10)), { code: 'ERR_NO_SPACE' });
    await assert.rejects(writer.commit(), { code: 'ERR_NO_SPACE' });
    await assertAbsent(driver, 'image');
    await assertInvalid(driver, 'image', /^ERR_NO_SPACE/);
  });
}

const failingWrites = {
  'bytes in memory': (driver) => driver.writeImage('image', bytesOf(2 * megabyte)),
  'bytes in memory, synchronously': async (driver) => driver.writeImageSync('image', bytesOf(2 * megabyte)),
  'a source': (driver) => driver.writeImage('image', chunks(2 * megabyte)),
  'a source of a known size': (driver) => {
    return driver.writeImage('image', chunks(2 * megabyte), { expectedSize: 2 * megabyte });
  },
};
for (const [what, write] of Object.entries(failingWrites)) {
  test(`${what} – does not fit – is not published, and the old image stays`, options, async (t) => {
    const driver = await smallDriver(t);
    await driver.writeImage('image', bytesOf(1000));
    await driver.queueImage('queued');

    await assert.rejects(write(driver), { code: 'ERR_NO_SPACE', imageId: 'image' });

    assert.deepEqual(await driver.readImage('image'), bytesOf(1000));
    assert.equal(await driver.isBeingCached('image'), false);
    assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
    await driver.clean(0);
    await driver.writeImage('image', bytesOf(megabyte / 2));
    assert.equal(Buffer.compare(await driver.readImage('image'), bytesOf(megabyte / 2)), 0);
  });
}

test('openForWrite – more space than is free – is refused and claims nothing', {
  skip: needsMount,
}, async (t) => {
  const driver = await smallDriver(t);
  await assert.rejects(driver.openForWrite('image', { expectedSize: 2 * megabyte }), { code: 'ERR_NO_SPACE' });
  await assertAbsent(driver, 'image');
  assert.equal((await driver.getUsage()).incomplete, 0);
  assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
});

test('a full disk – reads and deletes – succeed', options, async (t) => {
  const driver = await smallDriver(t);
  await driver.writeImage('image', bytesOf(megabyte / 4));
  const writer = await driver.openForWrite('filling');
  const fill = async () => {
    for (;;) await writer.write(bytesOf(4096));
  };
  await assert.rejects(fill, { code: 'ERR_NO_SPACE' });

  assert.equal(Buffer.compare(await driver.readImage('image'), bytesOf(megabyte / 4)), 0);
  assert.equal((await driver.evictTo(0)).filesEvicted, 1);
  await writer.rollback('the disk is full');

  await assertInvalid(driver, 'filling');
  await driver.clean(0);
  await driver.writeImage('image', bytesOf(megabyte / 2));
});

test('an image – after a failed write – has exactly the written bytes or is missing', options, async (t) => {
  const driver = await smallDriver(t);
  await driver.writeImage('in the way', bytesOf(megabyte / 2));
  for (const write of ['write', 'writeSync']) {
    const writer = await driver.openForWrite('image');
    const written = [];
    for (const [size, seed] of [
      [100_000, 1],
      [900_000, 2],
      [50_000, 3],
    ]) {
      const outcome = await Promise.resolve(bytesOf(size, seed))
        .then((chunk) => writer[write](chunk))
        .catch((error) => error);
      if (outcome === undefined) written.push(bytesOf(size, seed));
      else if (size === 900_000) assert.equal(outcome.code, 'ERR_NO_SPACE');
      if (size === 900_000) await driver.deleteCachedImage('in the way');
    }
    assert.equal(writer.bytesWritten, Buffer.concat(written).length);
    await writer.commit().catch((error) => assert(CacheError.is(error), error.stack));
    await writer[Symbol.asyncDispose]();

    const bytes = await driver.readImage('image');
    if (bytes !== undefined) assert.equal(Buffer.compare(bytes, Buffer.concat(written)), 0);
    await driver.clean(0);
    await driver.deleteCachedImage('image');
    await driver.writeImage('in the way', bytesOf(megabyte / 2));
  }
});

async function* chunks(size) {
  for (let at = 0; at < size; at += 65_536) yield bytesOf(Math.min(65_536, size - at));
}
