import assert from 'node:assert/strict';
import { test } from 'node:test';

import { locked, retryWhileLocked, retryWhileLockedSync } from '../../dist/base/lock-retry.js';

test('an attempt – locked at first – is repeated until it gets the lock', async () => {
  assert.equal(await retryWhileLocked(refusing(3), 1000), 'got it');
  assert.equal(retryWhileLockedSync(refusing(3), 1000), 'got it');
});

test('an attempt – timeout of 0 – is made once', async () => {
  for (const retry of [retryWhileLocked, retryWhileLockedSync]) {
    let attempts = 0;
    const attempt = () => {
      attempts++;
      return locked;
    };
    assert.equal(await retry(attempt, 0), locked);
    assert.equal(attempts, 1);
  }
});

test('an attempt – locked past the deadline – returns that it is locked', async () => {
  const start = performance.now();
  assert.equal(await retryWhileLocked(refusing(Number.POSITIVE_INFINITY), 30), locked);
  assert(performance.now() - start >= 30);
});

test('an attempt – aborted – rejects with the reason', async () => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error('enough')), 10);
  await assert.rejects(retryWhileLocked(refusing(Number.POSITIVE_INFINITY), 10_000, abort.signal), {
    message: 'enough',
  });
});

test('an attempt – throws – rejects with that error', async () => {
  const attempt = () => {
    throw new Error('broken');
  };
  await assert.rejects(retryWhileLocked(attempt, 1000), { message: 'broken' });
  assert.throws(() => retryWhileLockedSync(attempt, 1000), { message: 'broken' });
});

/** An attempt that is refused so many times. */
function refusing(times) {
  let left = times;
  return () => (left-- > 0 ? locked : 'got it');
}
