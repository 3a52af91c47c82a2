import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { defer } from '../../support/defer.mjs';
import { within } from '../../support/within.mjs';

const script = new URL('./host.mjs', import.meta.url);

/** A cache in a process of its own, with an origin of its own (see host.mjs), until `t` is over. */
export async function startHost(t, settings) {
  const child = fork(script, [JSON.stringify(settings)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const end = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  defer(t, end);
  return await ready(child, (message) => child.send(message), end);
}

/** The same in a worker thread. */
export async function startThread(t, settings) {
  const worker = new Worker(script, { workerData: settings });
  defer(t, () => worker.terminate());
  return await ready(
    worker,
    (message) => worker.postMessage(message),
    () => worker.terminate(),
  );
}

async function ready(emitter, send, end) {
  const heard = new Map();
  const waiting = [];
  const gone = once(emitter, 'exit').then(() => {
    throw new Error('the host has exited');
  });
  gone.catch(() => {});
  emitter.on('message', ({ event, value, at }) => {
    heard.set(event, { value, at });
    for (const look of waiting) look();
  });
  /** Resolves to the value of the event, once the host has sent one for which `is` returns true. */
  const hear = (event, is = () => true) =>
    within(
      30_000,
      Promise.race([
        gone,
        new Promise((resolve) => {
          const look = () => {
            if (heard.has(event) && is(heard.get(event))) resolve(heard.get(event).value);
          };
          waiting.push(look);
          look();
        }),
      ]),
      `hearing of ${event}`,
    );
  await hear('ready');
  return {
    hear,
    end,
    ask: (count) => {
      send({ task: 'ask', args: [count] });
      return hear('ask');
    },
    release: () => send({ task: 'release', args: [] }),
  };
}
