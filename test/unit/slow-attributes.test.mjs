// When hits are no longer written on the event loop.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DriverContext } from '../../dist/driver-context.js';

const slowMs = 5; // More than the one that is taken for quick.

function contextOf() {
  const options = { dir: '/', stallTimeSeconds: 1, lockTimeoutMs: 1, accessResolutionMs: 0, logger: undefined };
  return new DriverContext({}, options, { inline: true, inlineReads: true, locks: true, remote: false });
}

/** Takes its time, and answers whether it wrote. */
function call({ wrote, takesMs }) {
  const end = performance.now() + takesMs;
  while (performance.now() < end);
  return wrote;
}

function inlineAfter(...calls) {
  const context = contextOf();
  for (const one of calls) context.timeAttributeWrite(() => call(one), Boolean);
  return context.inlineHits;
}

const slow = { wrote: true, takesMs: slowMs };
const quick = { wrote: true, takesMs: 0 };
const miss = { wrote: false, takesMs: 0 };
const slowMiss = { wrote: false, takesMs: slowMs };

test('one slow write may be a preempted process, two in a row are a full journal', () => {
  assert.equal(inlineAfter(slow), true);
  assert.equal(inlineAfter(slow, quick, slow), true);
  assert.equal(inlineAfter(slow, slow), false);
});

test('what wrote nothing tells nothing of writes', () => {
  assert.equal(inlineAfter(slow, miss, slow), false);
  assert.equal(inlineAfter(slowMiss, slowMiss), true);
});
