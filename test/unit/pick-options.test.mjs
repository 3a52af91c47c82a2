import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pickOptions } from '../../dist/base/pick-options.js';

test('options – known names – are copied, each read once', () => {
  let reads = 0;
  const options = {
    get maxSize() {
      reads += 1;
      return reads;
    },
    dir: undefined,
  };
  assert.deepEqual(pickOptions(options, ['dir', 'maxSize']), { maxSize: 1 });
  assert.equal(reads, 1);
});

test('options – inherited – are taken', () => {
  assert.deepEqual(pickOptions(Object.create({ dir: 'a' }), ['dir']), { dir: 'a' });
});

test('options – unknown name – are refused with the nearest known one', () => {
  const known = ['dir', 'maxSize', 'stallTimeSeconds', 'signal'];
  const near = {
    maxsize: 'did you mean maxSize?',
    max_size: 'did you mean maxSize?',
    MAXSIZES: 'did you mean maxSize?',
    stallTimeSecs: 'did you mean stallTimeSeconds?',
    stallTime: 'known are dir, maxSize, stallTimeSeconds, signal',
    dri: 'did you mean dir?',
    quux: 'known are dir, maxSize, stallTimeSeconds, signal',
  };
  for (const [name, advice] of Object.entries(near)) {
    assert.throws(() => pickOptions({ [name]: undefined }, known), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: `options.${name} is unknown; ${advice}`,
    });
  }
});

test('options – unknown name of a megabyte – are refused without a comparison', () => {
  const refused = { code: 'ERR_INVALID_ARG_VALUE', message: /^options\.x{80} is unknown/ };
  assert.throws(() => pickOptions({ ['x'.repeat(1 << 20)]: 1 }, ['dir']), refused);
});

test('options – another argument – are named in the message', () => {
  assert.throws(() => pickOptions({ a: 1 }, ['maxInvalidSize'], 'options.limits'), /^TypeError: options\.limits\.a is/);
});

test('options – no object – are refused', () => {
  for (const value of [null, 1, 'dir']) assert.throws(() => pickOptions(value, []), { code: 'ERR_INVALID_ARG_TYPE' });
});
