// When hits are no longer written on the event loop.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DriverContext } from '../../dist/driver-context.js';

const options = { dir: '/', stallTimeSeconds: 1, lockTimeoutMs: 1, accessResolutionMs: 0, logger: undefined };
const slow = { wrote: true, takesMs: 2 };
const quick = { wrote: true, takesMs: 0.1 };
const miss = { wrote: false, takesMs: 0.1 };
const slowMiss = { wrote: false, takesMs: 2 };

/** Whether hits are written on the event loop after these calls, and so many milliseconds, by a clock of the test's own. */
function inlineAfter(t, calls, laterMs = 0) {
  let nowMs = 0;
  const clock = t.mock.method(performance, 'now', () => nowMs);
  const context = new DriverContext({}, options, { inline: true, inlineReads: true, locks: true, remote: false });
  for (const { wrote, takesMs } of calls) {
    const call = () => {
      nowMs += takesMs;
      return wrote;
    };
    context.timeAttributeWrite(call, Boolean);
  }
  nowMs += laterMs;
  const { inlineHits } = context;
  clock.mock.restore();
  return inlineHits;
}

test('one slow write may be a preempted process, two in a row are a full journal', (t) => {
  assert.equal(inlineAfter(t, [slow]), true);
  assert.equal(inlineAfter(t, [slow, quick, slow]), true);
  assert.equal(inlineAfter(t, [slow, slow]), false);
});

test('what wrote nothing tells nothing of writes', (t) => {
  assert.equal(inlineAfter(t, [slow, miss, slow]), false);
  assert.equal(inlineAfter(t, [slowMiss, slowMiss]), true);
});

test('after a second it is tried again', (t) => {
  assert.equal(inlineAfter(t, [slow, slow], 999), false);
  assert.equal(inlineAfter(t, [slow, slow], 1_001), true);
});
