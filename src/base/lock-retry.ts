// Waiting for somebody else's lock without holding up anybody: neither the event loop nor a thread of the pool.

import { now, sleep } from './timers.ts';

const firstBackoffMs = 1;
const longestBackoffMs = 16;

/** What an attempt answers while the lock is held. */
export const locked: unique symbol = Symbol('locked');
export type Locked = typeof locked;

/**
 * Repeats `attempt` by timer until it gets the lock, or until `timeoutMs` have passed: then the answer is `locked`.
 *
 * @throws the signal's reason, and what `attempt` throws
 */
export async function retryWhileLocked<T>(
  attempt: () => T | Locked | Promise<T | Locked>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<T | Locked> {
  const deadline = now() + timeoutMs;
  for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(backoffMs * 2, longestBackoffMs)) {
    const result = await attempt();
    if (result !== locked || now() >= deadline) return result;
    await sleep(backoffMs, signal);
  }
}

/** The same where it stands: for the `Sync` calls, whose callers have chosen to wait. */
export function retryWhileLockedSync<T>(attempt: () => T | Locked, timeoutMs: number): T | Locked {
  const deadline = now() + timeoutMs;
  for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(backoffMs * 2, longestBackoffMs)) {
    const result = attempt();
    if (result !== locked || now() >= deadline) return result;
    Atomics.wait(neverNotified, 0, 0, backoffMs);
  }
}

const neverNotified = new Int32Array(new SharedArrayBuffer(4));
