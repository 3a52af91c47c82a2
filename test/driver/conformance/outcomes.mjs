import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf } from '../../support/contents.mjs';
import { assertAborted, assertAbsent, assertInvalid, failsTyped } from './assertions.mjs';

/** The ends of an `ImageWriter`: committed, rolled back, lost or aborted. */
export function outcomes({ open }) {
  test('a replacement – rolled back – leaves the old image and its hits', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(1000, 1));
    await driver.readImage('image');
    const writer = await driver.openForWrite('image');
    await writer.write(bytesOf(500, 2));
    await writer.rollback('boom');

    assert.equal(await driver.getHitCount('image'), 1);
    assert.deepEqual(await driver.readImage('image'), bytesOf(1000, 1));
    await assertInvalid(driver, 'image', /boom/);
  });

  test('a failed write – rolled back – is in invalid/ with its reason', async (t) => {
    const driver = await open(t);
    const writer = await driver.openForWrite('image');
    await writer.write(bytesOf(1000));

    await writer.rollback(new Error('the backend is gone'));

    await assertAbsent(driver, 'image');
    const image = await assertInvalid(driver, 'image', /the backend is gone/);
    assert.equal(image.size, 1000);
    const { incomplete, invalid } = await driver.getUsage();
    assert.deepEqual({ incomplete, invalid }, { incomplete: 0, invalid: 1 });
  });

  test('rollback() – any value as reason – succeeds', async (t) => {
    const driver = await open(t);
    const fail = () => {
      throw new Error('no text');
    };
    const unreadable = Object.defineProperty(new Error('x'), 'message', { get: fail });
    const odd = Object.assign(new Error('x'), { message: 42, code: 'ERR_ODD' });
    const texts = ['', 'a\0b', '\ud800', '\ufeff'];
    const reasons = [
      undefined,
      null,
      0,
      Symbol('reason'),
      {},
      Object.create(null),
      { toString: fail },
      unreadable,
      odd,
    ];

    for (const [i, reason] of [...texts, ...reasons].entries()) {
      const writer = await driver.openForWrite(`${i}`);
      await (i % 2 === 0 ? writer.rollback(reason) : writer.rollbackSync(reason));
      await assertInvalid(driver, `${i}`);
      await assertAbsent(driver, `${i}`);
    }
  });

  test('a writer – disposed – is rolled back, keeps nothing', async (t) => {
    const driver = await open(t);
    const writer = await driver.openForWrite('image');
    await writer.write(bytesOf(1000));

    await writer[Symbol.asyncDispose]();

    await assertAbsent(driver, 'image');
    assert.deepEqual(await driver.getInvalidImages(), []);
    await assert.rejects(writer.commit());
  });

  test('a writer – used after commit() – does not change the image', async (t) => {
    const driver = await open(t);
    const writer = await driver.openForWrite('image');
    await writer.write(bytesOf(1000));
    await writer.commit();
    await driver.readImage('image');

    await writer.commit();
    writer.commitSync();
    await writer.rollback('too late');
    writer.rollbackSync('too late');
    await writer[Symbol.asyncDispose]();
    await failsTyped(() => writer.write(bytesOf(1)));
    await failsTyped(() => writer.writeSync(bytesOf(1)));

    assert.equal(await driver.getHitCount('image'), 1);
    assert.deepEqual(await driver.readImage('image'), bytesOf(1000));
    assert.deepEqual(await driver.getInvalidImages(), []);
  });

  test('a writer – used after rollback() – does not bring the image back', async (t) => {
    const driver = await open(t);
    const writer = await driver.openForWrite('image');
    await writer.write(bytesOf(1000));
    await writer.rollback('first');

    await writer.rollback('second');
    writer.rollbackSync('third');
    await writer[Symbol.asyncDispose]();
    await assert.rejects(writer.commit());
    assert.throws(() => writer.commitSync());
    await failsTyped(() => writer.write(bytesOf(1)));

    await assertAbsent(driver, 'image');
    await assertInvalid(driver, 'image', /first/);
  });

  test('a finished writer – used again – does not affect the next writer', async (t) => {
    const driver = await open(t);
    const done = await driver.openForWrite('image');
    await done.rollback('first');
    const next = await driver.openForWrite('image');
    await next.write(bytesOf(1000));

    await done.rollback('again');
    await done[Symbol.asyncDispose]();
    await failsTyped(() => done.write(bytesOf(1)));

    assert.equal(await driver.isBeingCached('image'), true);
    await next.commit();
    assert.deepEqual(await driver.readImage('image'), bytesOf(1000));
  });

  test('glance B17: an image – deleted while it is written – does not appear', async (t) => {
    const driver = await open(t);
    const writer = await driver.openForWrite('image');
    await writer.write(bytesOf(1000));

    await driver.deleteCachedImage('image');

    await assert.rejects(writer.commit(), { code: 'ERR_CLAIM_LOST', imageId: 'image' });
    await writer[Symbol.asyncDispose]();
    await assertAbsent(driver, 'image');
    const again = await driver.openForWrite('image');
    await again.write(bytesOf(10));
    await again.commit();
    assert.deepEqual(await driver.readImage('image'), bytesOf(10));
  });

  test('an image – deleted while it is replaced – old and new version are gone', async (t) => {
    const driver = await open(t);
    await driver.writeImage('image', bytesOf(1000, 1));
    const writer = await driver.openForWrite('image');
    await writer.write(bytesOf(1000, 2));

    await driver.deleteCachedImage('image');
    assert.equal(await driver.isCached('image'), false);

    await assert.rejects(writer.commit(), { code: 'ERR_CLAIM_LOST' });
    await writer[Symbol.asyncDispose]();
    await assertAbsent(driver, 'image');
  });

  test('an image – not its expected size – is not published', async (t) => {
    const driver = await open(t);
    for (const [id, actual] of [
      ['short', 9],
      ['long', 11],
      ['empty', 0],
    ]) {
      const writer = await driver.openForWrite(id, { expectedSize: 10 });
      const write = async () => {
        await writer.write(bytesOf(actual));
        await writer.commit();
      };
      await assert.rejects(write, { code: 'ERR_SIZE_MISMATCH', imageId: id, expected: 10, actual });
      await writer[Symbol.asyncDispose]();
      await assertAbsent(driver, id);
      await assertInvalid(driver, id);
    }

    const writer = await driver.openForWrite('right', { expectedSize: 10 });
    await writer.write(bytesOf(10));
    await writer.commit();
    assert.deepEqual(await driver.readImage('right'), bytesOf(10));
  });

  test('a writer – aborted before it is opened – claims nothing', async (t) => {
    const driver = await open(t);
    await assertAborted(driver.openForWrite('image', { signal: AbortSignal.abort() }));
    await assertAbsent(driver, 'image');
    assert.equal((await driver.getUsage()).incomplete, 0);
  });

  test('a writer – aborted – publishes nothing', async (t) => {
    const driver = await open(t);
    const controller = new AbortController();
    const writer = await driver.openForWrite('image', { signal: controller.signal });
    await writer.write(bytesOf(1000));

    controller.abort();

    await assertAborted(writer.write(bytesOf(1000)));
    await assertAborted(writer.commit());
    await writer[Symbol.asyncDispose]();
    await assertAbsent(driver, 'image');
  });

  test('a writer – aborted after the commit – keeps its image', async (t) => {
    const driver = await open(t);
    const controller = new AbortController();
    const writer = await driver.openForWrite('image', { signal: controller.signal });
    await writer.write(bytesOf(1000));
    await writer.commit();
    controller.abort();
    await writer.commit();
    assert.deepEqual(await driver.readImage('image'), bytesOf(1000));
  });
}
