import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeReason } from '../../dist/api/reason.js';

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

test('an error with causes – described – is told with the text of each, once', () => {
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  assert.equal(describeReason(new TypeError('terminated', { cause: reset })), 'terminated: read ECONNRESET');
  const wrapped = new Error('fetching failed: terminated', { cause: new Error('terminated', { cause: reset }) });
  assert.equal(describeReason(wrapped), 'fetching failed: terminated: read ECONNRESET');
  assert.equal(describeReason(new Error('a', { cause: 'text' })), 'a');
});

test('a cause with several reasons and no text – described – names them all', () => {
  const cause = new AggregateError([new Error('connect ::1'), new Error('connect 127.0.0.1')]);
  assert.equal(describeReason(new Error('fetch failed', { cause })), 'fetch failed: connect ::1, connect 127.0.0.1');
  const bare = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
  assert.equal(describeReason(new Error('fetch failed', { cause: bare })), 'fetch failed: ECONNREFUSED');
});

test('an error that is its own cause – described – ends', () => {
  const error = new Error('a');
  error.cause = error;
  assert.equal(describeReason(error), 'a');
});

test('a text with URLs – described – has no credentials, no query and no fragment', () => {
  const cause = new Error('GET https://user:s3cret@host:8/a/b?X-Amz-Signature=s3cret&a=b#s3cret was refused');
  assert.equal(
    describeReason(new Error('no http://h/x, no ftp://h?s3cret', { cause })),
    'no http://h/x, no ftp://h?…: GET https://host:8/a/b?… was refused',
  );
  assert.equal(describeReason('what? a@b is no URL'), 'what? a@b is no URL');
});
