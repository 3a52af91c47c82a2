import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { defer } from './defer.mjs';

/** Has another process hold the file's flock until `t` is over; resolves to the way to let go of it before. */
export async function lockInProcess(t, path, mode = 'exclusive') {
  const child = spawn('flock', [`--${mode}`, path, 'sh', '-c', 'echo locked; read _'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const release = async () => {
    child.stdin.end('\n');
    await exited;
  };
  defer(t, release);
  await once(child.stdout, 'data');
  return release;
}
