import { fork } from 'node:child_process';
import { once } from 'node:events';

import { defer } from './defer.mjs';

const host = new URL('./driver-host.mjs', import.meta.url);

/**
 * A driver in a process of its own, under another user if asked. `call('isCached', 'a')` calls its method there and answers
 * as it would; `open`, `write`, `commit`, `rollback`, `read`, `close` and `abort` work on the one open reader or writer of an id.
 */
export async function driverProcess(t, options, { uid, gid, umask } = {}) {
  const child = fork(host, [], { serialization: 'advanced', uid, gid, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const waiting = new Map();
  let calls = 0;
  child.on('message', ({ call, value, error }) => {
    const { resolve, reject } = waiting.get(call);
    waiting.delete(call);
    if (error) reject(Object.assign(new Error(error.message), error));
    else resolve(value);
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the driver process has gone'));
  });

  const kill = async (signal = 'SIGKILL') => {
    child.kill(signal);
    return await exited;
  };
  defer(t, () => kill());

  const call = (method, ...args) =>
    new Promise((resolve, reject) => {
      calls += 1;
      waiting.set(calls, { resolve, reject });
      child.send({ call: calls, method, args }, (error) => error && reject(error));
    });
  await call('configureDriver', options, umask);
  return { call, kill, pid: child.pid };
}
