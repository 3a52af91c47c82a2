// The facade validates what it hands to the addon. A mistake of its own must not crash the process either.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { native } from '../../dist/native/native.js';
import { openDriver } from '../support/xattr-driver.mjs';

const kinds = {
  nothing: undefined,
  object: {},
  text: 'no such file',
  number: 1,
  boolean: true,
  bytes: new Uint8Array(8),
  'other elements': new Uint16Array(8),
};
const refused = { name: 'TypeError', message: 'native call with wrong arguments' };
const takeTexts = ['openDirectoryAsync', 'getAttributeSync', 'getAttributeAsync'];
// Releasing twice is fine, and so is releasing nothing.
const { releaseSync: _, ...calls } = native;

for (const [kind, value] of Object.entries(kinds)) {
  test(`every native call – arguments all ${kind} – refuses them`, async () => {
    const expected = Object.keys(calls).filter((name) => kind !== 'text' || !takeTexts.includes(name));
    for (const name of expected) {
      await assert.rejects(async () => await calls[name](...Array(6).fill(value)), refused, name);
    }
    assert(expected.length > 50);
  });
}

test('a native call – handle of another kind – is refused', async (t) => {
  const directory = await native.openDirectoryAsync((await openDriver(t)).dir, false);
  const takeOthers = [
    'readSync',
    'recordHitSync',
    'commitSync',
    'scanNextAsync',
    'twinOfScanSync',
    'takeRowsSync',
    'evictAsync',
  ];
  for (const name of takeOthers) {
    await assert.rejects(async () => await native[name](directory, new Uint8Array(1), 0, 1, 0), refused, name);
  }
  native.releaseSync(directory);
  await assert.rejects(async () => native.findImageSync(directory, 'image'), refused);
});
