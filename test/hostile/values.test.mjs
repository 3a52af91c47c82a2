// Attributes that are huge, binary, negative, no numbers, or missing, on every kind of file.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { getXattrSync, setXattrSync } from '../../dist/index.js';
import { canary } from '../support/canary.mjs';
import { bytesOf } from '../support/contents.mjs';
import { mountUntilOver, needsFileSystem } from '../support/file-systems.mjs';
import { sampled } from '../support/sample.mjs';
import { seed } from '../support/seed.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { operations, outcomeOf, readsBytes, writesBytes, written } from './operations.mjs';

// The longest that the kernel passes on; ext4 has space for less.
const kind = { type: 'xfs' };
const longest = 65_536;
const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

/** Values of `user.hits`, and the number of hits that each means. */
const counts = [
  ['missing', undefined, 0],
  ['empty', '', 0],
  ['41', '41', 41],
  ['with zeros in front', '0041', 41],
  ['the largest', '9007199254740991', Number.MAX_SAFE_INTEGER],
  ['one more', '9007199254740992', 0],
  ['negative', '-5', 0],
  ['with a plus', '+5', 0],
  ['with a space', ' 5', 0],
  ['with a newline', '5\n', 0],
  ['with a NUL', '5\0', 0],
  ['a fraction', '1.5', 0],
  ['hexadecimal', '0x10', 0],
  ['a word', 'many', 0],
  ['other digits', '٤٢', 0],
  ['20 digits', '9'.repeat(20), 0],
  ['21 digits', '9'.repeat(21), 0],
  ['huge', '1'.repeat(longest), 0],
  ['binary', binary, 0],
];

test('a hit – any value of user.hits – is counted on it, and the bytes are right', {
  skip: needsFileSystem(kind),
}, async (t) => {
  const driver = await openDriver(t, { dir: (await mountUntilOver(t, kind)).dir });
  for (const [what, value, hits] of counts) {
    await driver.writeImage('image', bytesOf(100));
    if (value === undefined) plantBare(driver.getImageFilepath('image'));
    else setXattrSync(driver.getImageFilepath('image'), 'hits', value);

    assert.equal(await driver.getHitCount('image'), hits, what);
    assert.equal((await driver.getCachedImages())[0].hits, hits, what);
    assert.equal((await driver.evictTo(0, { dryRun: true })).images[0].hits, hits, what);
    assert.deepEqual(await driver.readImage('image'), bytesOf(100), what);
    const next = Math.min(hits + 1, Number.MAX_SAFE_INTEGER);
    assert.equal(getXattrSync(driver.getImageFilepath('image'), 'hits').toString(), `${next}`, what);
    assert.equal((await driver.evictTo(0)).images[0].hits, next, what);
  }
});

/** Values of `user.error`, and the text that is reported for each. */
const reasons = [
  ['missing', undefined, ''],
  ['empty', '', ''],
  ['huge', 'x'.repeat(longest), 'x'.repeat(longest)],
  ['binary', binary, binary.toString()],
  ['half a character', Buffer.from('e9', 'hex'), '\ufffd'],
];

test('a failed write – any value of user.error – is listed with it', { skip: needsFileSystem(kind) }, async (t) => {
  const driver = await openDriver(t, { dir: (await mountUntilOver(t, kind)).dir });
  for (const [what, value, text] of reasons) {
    const path = join(driver.dir, 'invalid', 'image');
    writeFileSync(path, 'partial');
    if (value !== undefined) setXattrSync(path, 'error', value);
    const [{ imageId, error }] = await driver.getInvalidImages();
    assert.deepEqual([imageId, error], ['image', text], what);
    rmSync(path);
  }
});

const marks = (outside) => [
  '',
  ' ',
  '.d-0123456789abcdef',
  '.d-0123456789abcdef ',
  `.d-0123456789abcdef ${'0'.repeat(60_000)}`,
  '.d-0123456789abcdef 00000000',
  `../${outside} 00000000`,
  `${outside} ${bootId()}`,
  `.d-0123456789abcdef/../../${outside} ${bootId()}`,
  `.d-0123456789abcdef\0 ${bootId()}`,
  `../odd ${bootId()}`,
  `. ${bootId()}`,
  `.d- ${bootId()}`,
  `.d-0123456789ABCDEF ${bootId()}`,
  binary,
  Buffer.alloc(longest, 0xff),
  '-1',
];

test('a writer’s mark – any value – causes the removal of private data only', {
  skip: needsFileSystem(kind),
}, async (t) => {
  const { dir } = await mountUntilOver(t, kind);
  const driver = await openDriver(t, { dir });
  const outside = await canary(t, ['odd', 'image']);
  const all = marks(outside.file).flatMap((mark, index) =>
    ['.', 'incomplete', 'queue', 'invalid'].flatMap((place) =>
      Object.keys(operations).map((name) => ({ mark, index, place, name })),
    ),
  );
  const leadOutside = ({ mark, place }) => place === 'incomplete' && mark.includes(outside.file);
  const points = sampled(all, 200, leadOutside);

  for (const { mark, index, place, name } of points) {
    const point = `${name}, with mark ${index} in ${place}, seed ${seed}`;
    for (const part of ['.', 'incomplete', 'queue', 'invalid']) rmSync(join(dir, part, 'odd'), { force: true });
    writeFileSync(join(dir, 'incomplete', '.kept'), 'kept');
    writeFileSync(join(dir, place, 'odd'), place === '.' ? bytesOf(300) : '');
    setXattrSync(join(dir, place, 'odd'), 'xattr_cache.writer', mark);
    if (name.startsWith('openForWrite')) driver.queueImageSync('other');

    const { status, value, reason } = await outcomeOf(name, driver, 'odd');

    outside.untouched(point);
    assert.equal(readFileSync(join(dir, 'incomplete', '.kept'), 'utf8'), 'kept', point);
    if (readsBytes(name) && place === '.') assert.deepEqual(value, bytesOf(300), `${point}: ${reason?.stack}`);
    if (writesBytes(name) && status === 'fulfilled') assert.deepEqual(await driver.readImage('odd'), written, point);
    const left = readdirSync(join(dir, 'incomplete')).filter((entry) => entry.startsWith('.d-'));
    assert.deepEqual(left, [], point);
  }
  outside.whole('marks');
  t.diagnostic(`${points.length} of ${all.length} points, seed ${seed}`);
});

function bootId() {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
}

/** An image without any attribute. */
function plantBare(path) {
  rmSync(path);
  writeFileSync(path, bytesOf(100));
}
