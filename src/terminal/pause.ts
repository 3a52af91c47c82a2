import { setImmediate } from 'node:timers/promises';

/** Lets the process notice what has happened meanwhile. @throws the signal's reason, once it is aborted */
export async function pause(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
