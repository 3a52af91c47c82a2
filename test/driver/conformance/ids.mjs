import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf } from '../../support/contents.mjs';
import { assertAbsent, imageIds } from './assertions.mjs';
import { callsWithId } from './calls.mjs';

const badIds = {
  'the empty string': '',
  'a dot': '.',
  'two dots': '..',
  'a path': 'a/b',
  'a path out of the directory': '../x',
  'an absolute path': '/etc/passwd',
  'a slash at the end': 'a/',
  'a NUL': 'a\0b',
  '256 bytes': 'a'.repeat(256),
  '256 bytes of 128 characters': 'é'.repeat(128),
  queue: 'queue',
  incomplete: 'incomplete',
  invalid: 'invalid',
  'a dot file': '.hidden',
  'a lone high surrogate': 'a\ud800',
  'a lone low surrogate': '\udc00a',
  'surrogates in the wrong order': '\udc00\ud800',
};

const notStrings = {
  undefined: undefined,
  null: null,
  'a number': 42,
  'an object': {},
  'an array': ['a'],
  'a symbol': Symbol('a'),
};

const goodIds = [
  'a',
  'a.b',
  'a..',
  '-',
  '--help',
  '~',
  '%2e%2e',
  'a b',
  ' ',
  'a\nb',
  '\x01',
  '\\',
  'Queue',
  'queue2',
  'checkme',
  '…',
  '\ufeff',
  '\u{1f600}',
  '0',
  '-1',
  'constructor',
  '__proto__',
  'b'.repeat(255),
  `${'é'.repeat(127)}e`,
];

export function ids({ open }) {
  for (const [what, id] of Object.entries(badIds)) {
    test(`glance B18: ${what} – as an id – every method refuses it`, async (t) => {
      const driver = await open(t);
      await driver.writeImage('image', bytesOf(10));

      let refusals = 0;
      for (const call of Object.values(callsWithId)) {
        await assert.rejects(call(driver, id), { code: 'ERR_INVALID_IMAGE_ID', imageId: id }, `${call}`);
        refusals += 1;
      }

      assert.equal(refusals, 13);
      assert.deepEqual(await imageIds(driver), ['image']);
      assert.deepEqual(await driver.getQueuedImages(), []);
      assert.deepEqual(await driver.getInvalidImages(), []);
    });
  }

  for (const [what, id] of Object.entries(notStrings)) {
    test(`${what} – as an id – every method refuses the argument`, async (t) => {
      const driver = await open(t);
      for (const call of Object.values(callsWithId)) {
        await assert.rejects(call(driver, id), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }, `${call}`);
      }
    });
  }

  test('an id – any other name of at most 255 bytes – is accepted', async (t) => {
    const driver = await open(t);

    for (const [i, id] of goodIds.entries()) {
      await driver.writeImage(id, bytesOf(10, i));
    }

    for (const [i, id] of goodIds.entries()) {
      assert.deepEqual(await driver.readImage(id), bytesOf(10, i), JSON.stringify(id));
    }
    assert.deepEqual(new Set(await imageIds(driver)), new Set(goodIds));
    assert.equal(await driver.deleteAllCachedImages(), goodIds.length);
  });

  test('an id of 255 bytes – queued, written, evicted – works as a short one', async (t) => {
    const driver = await open(t);
    const id = 'x'.repeat(255);

    assert.equal(await driver.queueImage(id), true);
    assert.deepEqual(await driver.getQueuedImages(), [id]);
    const failing = await driver.openForWrite(id);
    assert.equal(await driver.isBeingCached(id), true);
    await failing.write(bytesOf(10));
    await failing.rollback('boom');
    assert.deepEqual(
      (await driver.getInvalidImages()).map((image) => image.imageId),
      [id],
    );
    const writer = await driver.openForWrite(id);
    await writer.write(bytesOf(20));
    await writer.commit();
    assert.equal(await driver.isQueued(id), false);
    assert.equal(await driver.getImageSize(id), 20);
    assert.deepEqual(
      (await driver.evictTo(0)).images.map((image) => image.imageId),
      [id],
    );
    await assertAbsent(driver, id);
  });

  test('composed and decomposed forms of a name – written – are two images', async (t) => {
    const driver = await open(t);
    const composed = 'caf\u00e9';
    const decomposed = 'cafe\u0301';

    await driver.writeImage(composed, bytesOf(10, 1));
    assert.equal(await driver.isCached(decomposed), false);
    await driver.writeImage(decomposed, bytesOf(20, 2));

    assert.deepEqual(await driver.readImage(composed), bytesOf(10, 1));
    assert.deepEqual(await driver.readImage(decomposed), bytesOf(20, 2));
    assert.deepEqual(await imageIds(driver), [decomposed, composed]);
  });

  test('names that differ in case – written – are two images', async (t) => {
    const driver = await open(t);
    await driver.writeImage('a', bytesOf(10, 1));
    await driver.writeImage('A', bytesOf(20, 2));
    assert.deepEqual(await driver.readImage('a'), bytesOf(10, 1));
    assert.deepEqual(await driver.readImage('A'), bytesOf(20, 2));
  });
}
