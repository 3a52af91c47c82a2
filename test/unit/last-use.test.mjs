import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lastUseMs } from '../../dist/index.js';

const nowMs = 1_000;

for (const [what, lastAccessedMs, lastModifiedMs, expected] of [
  ['read after its commit', 500, 400, 500],
  ['committed after its last read', 400, 500, 500],
  ['committed in the future', 500, 1_001, 500],
]) {
  test(`lastUseMs() – image ${what} – the later time that has passed`, () => {
    assert.equal(lastUseMs({ lastAccessedMs, lastModifiedMs }, nowMs), expected);
  });
}
