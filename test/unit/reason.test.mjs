import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeReason } from '../../dist/reason.js';

test('a reason – error with a code – begins with the code, once', () => {
  assert.equal(describeReason(Object.assign(new Error('no more'), { code: 'E_MORE' })), 'E_MORE: no more');
  assert.equal(
    describeReason(Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' })),
    'ENOENT: no such file',
  );
});

test('a reason – any thrown value – is a string', () => {
  assert.equal(describeReason(new Error('plain')), 'plain');
  assert.equal(describeReason(new TypeError('')), 'TypeError');
  assert.equal(describeReason('text'), 'text');
  assert.equal(describeReason(undefined), 'undefined');
  assert.equal(describeReason('half \ud800'), 'half \ufffd');
  assert.equal(describeReason(Object.create(null)), 'unknown reason');
});
