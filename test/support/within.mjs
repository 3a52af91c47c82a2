import { setTimeout as sleep } from 'node:timers/promises';

/** What `promise` resolves to, if it does so soon; keeps the process alive until then, so that a hang is one failure. */
export async function within(milliseconds, promise, what) {
  const controller = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: controller.signal }).then(() => {
    throw new Error(`${what}: not within ${milliseconds} ms`);
  });
  return await Promise.race([promise, late]).finally(() => controller.abort());
}
