// When hits are no longer written on the event loop.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

// A clock of the test's own, which the package takes when it is loaded.
let nowMs = 0;
mock.method(performance, 'now', () => nowMs);
const { AttributePace } = await import('../../dist/driver/attribute-pace.js');

const slow = { wrote: true, takesMs: 2 };
const quick = { wrote: true, takesMs: 0.1 };
const miss = { wrote: false, takesMs: 0.1 };
const slowMiss = { wrote: false, takesMs: 2 };

/** Returns true if hits are written on the event loop after these calls, and a number of milliseconds. */
function inlineAfter(calls, { laterMs = 0, thenInPool = false, inlineWrites = true } = {}) {
  const pace = new AttributePace(inlineWrites);
  for (const { wrote, takesMs } of calls) {
    const call = () => {
      nowMs += takesMs;
      return wrote;
    };
    pace.time(call, Boolean);
  }
  nowMs += laterMs;
  if (thenInPool) pace.noteWrite();
  return pace.inline;
}

test('slow writes – two in a row, not one – move hits off the event loop', () => {
  assert.equal(inlineAfter([slow]), true);
  assert.equal(inlineAfter([slow, quick, slow]), true);
  assert.equal(inlineAfter([slow, slow]), false);
});

test('slow writes – calls that wrote nothing – do not count', () => {
  assert.equal(inlineAfter([slow, miss, slow]), false);
  assert.equal(inlineAfter([quick, slowMiss, slowMiss]), true);
});

test('slow writes – a second later – hits are on the event loop again', () => {
  assert.equal(inlineAfter([slow, slow], { laterMs: 999, thenInPool: true }), false);
  assert.equal(inlineAfter([slow, slow], { laterMs: 1_001, thenInPool: true }), true);
});

test('a hit – the first, or the first after a pause – goes to the pool', () => {
  assert.equal(inlineAfter([]), false);
  assert.equal(inlineAfter([miss]), false);
  assert.equal(inlineAfter([quick], { laterMs: 49 }), true);
  assert.equal(inlineAfter([quick], { laterMs: 51 }), false);
});

test('hits – where a write may copy the file – all go to the pool', () => {
  assert.equal(inlineAfter([quick], { inlineWrites: false }), false);
});
