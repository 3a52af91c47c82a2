import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

export const script = fileURLToPath(new URL('./process.mjs', import.meta.url));

/** A process with a cache of its own on the peer's directory. */
export async function startProcess({ name, dir }) {
  const child = fork(script, [], { env: { ...process.env, PEER: name, DIR: dir }, stdio: ['ignore', 2, 2, 'ipc'] });
  const end = async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  return speakWith(child, (message) => child.send(message), end);
}

/** The same in a thread of this process. */
export async function startThread({ name, dir }) {
  const worker = new Worker(script, { env: { ...process.env, PEER: name, DIR: dir } });
  return speakWith(
    worker,
    (message) => worker.postMessage(message),
    () => worker.terminate(),
  );
}

async function speakWith(emitter, send, end) {
  const heard = new Map();
  const waiting = new Set();
  emitter.on('message', ({ event, value }) => {
    heard.set(event, value);
    for (const look of waiting) look();
  });
  const hear = (event) =>
    new Promise((resolve) => {
      const look = () => {
        if (!heard.has(event)) return;
        waiting.delete(look);
        resolve(heard.get(event));
      };
      waiting.add(look);
      look();
    });
  await hear('ready');
  const ask = (task, settings) => {
    send({ task, settings });
    return hear(task);
  };
  return { ask, hear, end };
}
