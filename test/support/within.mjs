import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves as `promise` does, or fails after a time. Keeps the process alive until then, so that a hang is one failure. */
export async function within(milliseconds, promise, what) {
  const controller = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: controller.signal }).then(() => {
    throw new Error(`${what}: not within ${milliseconds} ms`);
  });
  return await Promise.race([promise, late]).finally(() => controller.abort());
}
