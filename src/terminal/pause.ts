import { setImmediate } from 'node:timers/promises';

/** Lets the process handle pending events. @throws the signal's reason, once it is aborted */
export async function pause(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
