// Waits for a lock of another process or thread, without blocking the event loop or a thread of the pool.

import { now, sleep } from './timers.ts';

const firstBackoffMs = 1;
const longestBackoffMs = 16;

/** Result of an attempt while the lock is held. */
export const locked: unique symbol = Symbol('locked');
export type Locked = typeof locked;

/**
 * Repeats `attempt` by timer until it gets the lock. Returns `locked` after `timeoutMs`.
 *
 * @throws the signal's reason, and the errors of `attempt`
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

/** Repeats `attempt` like {@link retryWhileLocked}, but blocks the thread, for the `Sync` calls. */
export function retryWhileLockedSync<T>(attempt: () => T | Locked, timeoutMs: number): T | Locked {
  const deadline = now() + timeoutMs;
  for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(backoffMs * 2, longestBackoffMs)) {
    const result = attempt();
    if (result !== locked || now() >= deadline) return result;
    Atomics.wait(neverNotified, 0, 0, backoffMs);
  }
}

const neverNotified = new Int32Array(new SharedArrayBuffer(4));
