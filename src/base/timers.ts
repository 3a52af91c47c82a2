// Node's timers and clock, taken when the package is loaded: a test that fakes the global ones later must not stop the
// cache.

import timers from 'node:timers';

import { untilAborted } from './on-abort.ts';

export const clearInterval: typeof timers.clearInterval = timers.clearInterval;
export const clearTimeout: typeof timers.clearTimeout = timers.clearTimeout;
export const setImmediate: typeof timers.setImmediate = timers.setImmediate;
export const setInterval: typeof timers.setInterval = timers.setInterval;
export const setTimeout: typeof timers.setTimeout = timers.setTimeout;

/** Returns the monotonic time in milliseconds, as `performance.now()` does. */
export const now: () => number = performance.now.bind(performance);

/**
 * Resolves after a number of milliseconds.
 *
 * @throws the signal's reason, if it is aborted before
 */
export async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    await untilAborted(over, signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
