// A directory full of files with odd names: every operation finds its own among them, and leaves what is no image.

import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { mountUntilOver, needsFileSystem } from '../support/file-systems.mjs';
import { isFull } from '../support/scale.mjs';
import { within } from '../support/within.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { operations } from './operations.mjs';

const count = isFull ? 100_000 : 5_000;
const kind = { type: 'tmpfs', options: 'size=1g' };

const ids = [
  '-rf',
  ' ',
  '~',
  '*',
  '%00',
  'a\nb',
  '\u001b[2J',
  'é',
  'e\u0301',
  '\u202e',
  'x'.repeat(255),
  '\u{1f600}',
  'a.',
];
const others = [
  ...[
    '.hidden',
    '...',
    '.d-',
    '.d-0123',
    '.d-0123456789abcdeg',
    '.D-0123456789abcdef',
    '.nfs0000000000000001',
    '. ',
  ].map((name) => Buffer.from(name)),
  ...['ff', '61e9', 'c080', 'eda080', 'f4908080', 'fe', '80', '61c3', '2e80'].map((hex) => Buffer.from(hex, 'hex')),
];
const isDot = (name) => name[0] === 0x2e;

function fill(dir, names) {
  for (const name of names) closeSync(openSync(Buffer.concat([Buffer.from(`${dir}/`), name]), 'w'));
}

function namesIn(dir) {
  return readdirSync(dir, { encoding: 'buffer' });
}

test('every operation – many oddly named files – finds its own and removes no other', {
  skip: needsFileSystem(kind),
}, async (t) => {
  const { dir } = await mountUntilOver(t, kind);
  const driver = await openDriver(t, { dir });
  const junk = [...others];
  for (let i = 0; i < count; i++) junk.push(Buffer.from(i % 2 === 0 ? `.junk ${i}` : `\xff${i}`, 'latin1'));
  for (const part of ['.', 'incomplete', 'invalid', 'queue']) fill(join(dir, part), junk);
  const notDots = junk.filter((name) => !isDot(name)).length; // Names of images that are not UTF-8.
  const expected = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const setUp = async () => {
    for (const id of ids) await driver.writeImage(id, bytesOf(10, id.length));
  };
  const soon = (what, promise) => within(60_000, promise, what);
  await setUp();
  for (const id of ids) await driver.queueImage(`queued ${id}`.slice(0, 200));

  const listed = await soon('listing', driver.getCachedImages());
  assert.deepEqual(
    listed.map((image) => image.imageId).filter((id) => !id.includes('\ufffd')),
    expected,
  );
  for (const id of ids) assert.deepEqual(await driver.readImage(id), bytesOf(10, id.length), JSON.stringify(id));
  assert.equal((await soon('a walk', operations.cachedImages(driver))).length, ids.length + notDots);
  assert.equal(await soon('a sum', driver.getCacheSize()), 10 * ids.length);
  assert.equal((await soon('the queue', driver.getQueuedImages())).length, ids.length);
  assert.equal((await soon('usage', driver.getUsage())).queued, ids.length + notDots);
  const { filesEvicted, bytesEvicted } = await soon('an eviction', driver.evictTo(50));
  assert.deepEqual([filesEvicted, bytesEvicted], [ids.length + notDots - 5, 10 * ids.length - 50]); // The oldest first.
  assert.equal(await soon('a removal', driver.deleteAllCachedImages()), 5);
  assert.equal(await soon('a removal of requests', driver.deleteAllQueuedImages()), ids.length);
  assert.equal((await soon('failures', driver.getInvalidImages())).length, notDots);
  const found = (part) => new Set(namesIn(join(dir, part)).map((name) => name.toString('hex')));
  for (const [part, stays] of [
    ['.', isDot],
    ['queue', () => true],
  ]) {
    const names = found(part);
    assert(
      junk.filter(stays).every((name) => names.has(name.toString('hex'))),
      part,
    );
  }

  const { invalidReaped, stalledReaped } = await soon('a cleaning', driver.clean(0));
  assert.deepEqual([invalidReaped, stalledReaped], [notDots, notDots]);
  for (const part of ['incomplete', 'invalid']) {
    assert.equal(namesIn(join(dir, part)).length, junk.length - notDots);
    assert(namesIn(join(dir, part)).every(isDot));
  }
  await setUp();
  assert.equal((await soon('listing', driver.getCachedImages())).length, ids.length);
  t.diagnostic(`${4 * junk.length} files`);
});
