import assert from 'node:assert/strict';
import { test } from 'node:test';

import { XattrDriver } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { openIn } from '../support/open-files.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';

test('a closed driver – its readers and writers are kept – holds nothing open', async (t) => {
  const dir = await temporaryDirectory(t);
  const driver = await XattrDriver.open({ dir });
  await driver.writeImage('image', bytesOf(10));
  const kept = [];
  for (const end of ['commit', 'commitSync', 'rollback', 'rollbackSync']) {
    const writer = await driver.openForWrite(end);
    await writer[end]('boom');
    kept.push(writer);
  }
  for (const end of ['close', 'closeSync', 'abort', 'abortSync']) {
    const reader = await driver.openForRead('image');
    await reader[end]();
    kept.push(reader);
  }
  for await (const _ of driver.cachedImages());
  await driver.getCachedImages();
  await driver.evictTo(0);
  assert(openIn(dir).length > 0);

  await driver.close();

  assert.deepEqual(openIn(dir), []);
  assert.equal(kept.length, 8);
});
