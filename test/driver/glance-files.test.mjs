import assert from 'node:assert/strict';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { getXattrSync, setXattrSync } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { openDriver, plantFile } from '../support/xattr-driver.mjs';
import { assertAbsent } from './conformance/assertions.mjs';

const hits = [
  '',
  'many',
  '-5',
  '1.5',
  '1e3',
  '0x10',
  '5 apples',
  ' ',
  '\0',
  '٣',
  '9007199254740992',
  `1${'0'.repeat(40)}`,
];
for (const value of [undefined, ...hits]) {
  const what = value === undefined ? 'no user.hits' : `user.hits ${JSON.stringify(value.slice(0, 20))}`;
  test(`glance B7: an image – ${what} – has 0 hits, then 1`, async (t) => {
    const driver = await openDriver(t);
    const path = join(driver.dir, 'image');
    await writeFile(path, bytesOf(10));
    if (value !== undefined) setXattrSync(path, 'hits', value);

    assert.equal(await driver.isCached('image'), true);
    assert.equal(await driver.getHitCount('image'), 0);
    assert.equal((await driver.getCachedImages())[0].hits, 0);
    assert.equal((await driver.evictTo(0, { dryRun: true })).images[0].hits, 0);
    const reader = await driver.openForRead('image');
    assert.deepEqual(await reader.close(), { counted: true });

    assert.equal(await driver.getHitCount('image'), 1);
    assert.equal(getXattrSync(path, 'hits').toString(), '1');
  });
}

test('an image – largest possible hit count – reports it, and is read', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', bytesOf(10));
  setXattrSync(driver.getImageFilepath('image'), 'hits', Number.MAX_SAFE_INTEGER);
  assert.equal(await driver.getHitCount('image'), Number.MAX_SAFE_INTEGER);
  assert.equal((await driver.getCachedImages())[0].hits, Number.MAX_SAFE_INTEGER);
  assert.deepEqual(await driver.readImage('image'), bytesOf(10));
});

test('an error text – of a foreign writer, not UTF-8 – is listed', async (t) => {
  const driver = await openDriver(t);
  const path = join(driver.dir, 'invalid', 'image');
  await writeFile(path, 'bytes');
  setXattrSync(path, 'error', Buffer.from([0x62, 0xff, 0xfe]));
  await writeFile(join(driver.dir, 'invalid', 'unknown'), 'bytes');

  const images = await driver.getInvalidImages();

  assert.equal(images.length, 2);
  assert.match(images.find((image) => image.imageId === 'image').error, /^b/);
  assert.equal(images.find((image) => image.imageId === 'unknown').error, '');
});

const day = 86_400;

test('an image – written by Glance – is being cached until the stall time ends', async (t) => {
  const driver = await openDriver(t);
  const path = join(driver.dir, 'incomplete', 'image');
  await plantFile(path, 100);

  assert.equal(await driver.isBeingCached('image'), true);
  assert.equal(driver.isBeingCachedSync('image'), true);
  assert.equal(await driver.isCacheable('image'), false);
  assert.equal(await driver.queueImage('image'), false);
  await assert.rejects(driver.openForWrite('image'), { code: 'ERR_IMAGE_BUSY' });
  assert.equal(await readFile(path, 'utf8'), 'partial');
  assert.deepEqual(await driver.clean(200), { invalidReaped: 0, stalledReaped: 0 });
  assert.deepEqual(await driver.clean(99), { invalidReaped: 0, stalledReaped: 1 });
  await assertAbsent(driver, 'image');
});

test('an incomplete file – dated in the future – is reaped when far ahead', async (t) => {
  const driver = await openDriver(t);
  await plantFile(join(driver.dir, 'incomplete', 'near'), -3600);
  await plantFile(join(driver.dir, 'incomplete', 'far'), -2 * day);

  assert.deepEqual(await driver.clean(), { invalidReaped: 0, stalledReaped: 1 });

  assert.equal(await driver.isBeingCached('far'), false);
  assert.equal(await driver.isBeingCached('near'), true);
});

test('data files without a token – older than a minute – are reaped', async (t) => {
  const driver = await openDriver(t);
  const incomplete = join(driver.dir, 'incomplete');
  await plantFile(join(incomplete, '.d-0000000000000001'), 0);
  await plantFile(join(incomplete, '.d-0000000000000002'), 30);
  await plantFile(join(incomplete, '.d-0000000000000003'), 120);
  await plantFile(join(incomplete, '.d-0000000000000004'), 2 * day);

  await driver.clean(day);
  assert.deepEqual((await readdir(incomplete)).length, 3);
  await driver.clean(0);
  assert.deepEqual((await readdir(incomplete)).sort(), ['.d-0000000000000001', '.d-0000000000000002']);
});

test('data of a live writer – however old – is never reaped', async (t) => {
  const driver = await openDriver(t);
  const writer = await driver.openForWrite('image');
  await writer.write(bytesOf(10));
  const old = Date.now() / 1000 - 3 * day;
  for (const name of await readdir(join(driver.dir, 'incomplete'))) {
    await utimes(join(driver.dir, 'incomplete', name), old, old);
  }

  assert.deepEqual(await driver.clean(0), { invalidReaped: 0, stalledReaped: 0 });

  await writer.commit();
  assert.deepEqual(await driver.readImage('image'), bytesOf(10));
});
