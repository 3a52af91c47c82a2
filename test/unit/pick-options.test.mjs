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

test('options – unknown name – are refused with the nearest known one', () => {
  const known = ['dir', 'maxSize', 'stallTimeSeconds'];
  const refused = (options) => {
    try {
      pickOptions(options, known);
    } catch (error) {
      return [error.name, error.code, error.message.split('.')[0]];
    }
  };
  const expected = (text) => ['TypeError', 'ERR_INVALID_ARG_VALUE', `The argument 'options' has no option ${text}`];
  assert.deepEqual(refused({ maxsize: 1 }), expected("'maxsize' (did you mean 'maxSize'?)"));
  assert.deepEqual(refused({ stallTime: 1 }), expected("'stallTime'"));
  assert.deepEqual(refused({ quux: undefined }), expected("'quux'"));
});

test('options – no object – are refused', () => {
  for (const value of [null, 1, 'dir']) assert.throws(() => pickOptions(value, []), { code: 'ERR_INVALID_ARG_TYPE' });
});
