import { locked, retryWhileLocked } from '../base/lock-retry.ts';
import { native } from '../native/native.ts';
import type { EngineCalls } from './engine-calls.ts';

/** Another process holds the lock for microseconds. Milliseconds. */
const lockTimeoutMs = 50;

/** Adds to the counter in `.xattr-cache/`; see `native/core/committed.h`. */
export async function addCommittedBytes(engine: EngineCalls, bytes: number): Promise<number> {
  return engine.callForDirectory(async (directory) => {
    const add = async () => (await native.addCommittedAsync(directory, bytes)) ?? locked;
    const total = await retryWhileLocked(add, lockTimeoutMs);
    if (total === locked) throw new Error('another process holds the lock');
    return total;
  });
}
