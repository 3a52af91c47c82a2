// An image that another program truncates while it is read.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { truncate } from 'node:fs/promises';
import { test } from 'node:test';

import { bytesOf, drain } from '../support/contents.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

test('an image – truncated after it was opened – fails the read, counts no hit', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', bytesOf(3_000_000));
  const stream = driver.createReadStream('image');
  await once(stream, 'readable');
  await truncate(driver.getImageFilepath('image'), 100_000);
  await assert.rejects(drain(stream), { code: 'ERR_IO' });
  assert.equal(await driver.getHitCount('image'), 0);
});
