import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

test('a writer – after a failed commit – refuses writes with that error', async (t) => {
  const driver = await openDriver(t);
  const writer = await driver.openForWrite('a', { expectedSize: 5 });
  await assert.rejects(writer.commit(), { code: 'ERR_SIZE_MISMATCH' });
  for (const write of [() => writer.write(bytesOf(1)), async () => writer.writeSync(bytesOf(1))]) {
    await assert.rejects(write, (error) => {
      assert.equal(error.code, 'ERR_NOT_OPEN');
      assert.match(error.message, /was rolled back, since its commit failed$/);
      assert.equal(error.cause.code, 'ERR_SIZE_MISMATCH');
      return true;
    });
  }

  const done = await driver.openForWrite('b');
  const committing = done.commit();
  await assert.rejects(done.write(bytesOf(1)), /is being committed$/);
  await committing;
  await assert.rejects(done.write(bytesOf(1)), /was committed$/);
});
