import { readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const never = new Int32Array(new SharedArrayBuffer(4));

/** How far apart those may be who meet, in milliseconds: so that everything is met by everything. */
const spreadMs = 0.1;

/** Milliseconds on a clock that all processes and threads of this machine share. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Blocks this thread until a moment of {@link now}, to the microsecond, so that several threads act concurrently. */
export function standUntil(moment) {
  const sleep = moment - now() - 1;
  if (sleep > 0) Atomics.wait(never, 0, 0, sleep);
  while (now() < moment);
}

export const overlap = (a, b) => a.start < b.end && b.start < a.end;

/** Returns the result of `action`, its beginning and its end. */
export async function timed(action) {
  const start = now();
  const value = await action();
  return { start, end: now(), value };
}

/** Appoints a moment very soon, in the directory `meetings`, for all that {@link meet} by this name; waits for it, or a little longer. */
export function appoint(meetings, name) {
  const moment = now() + 0.5;
  symlinkSync(String(moment), join(meetings, name)); // There from the first moment on, and whole.
  standUntil(moment + Math.random() * spreadMs);
}

export function meet(meetings, name) {
  for (const deadline = now() + 60_000; now() < deadline; Atomics.wait(never, 0, 0, 0.05)) {
    const moment = appointed(join(meetings, name));
    if (moment !== undefined) return standUntil(moment + Math.random() * spreadMs);
  }
  throw new Error(`no time was appointed for ${name}`);
}

function appointed(path) {
  try {
    return Number(readlinkSync(path));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}
