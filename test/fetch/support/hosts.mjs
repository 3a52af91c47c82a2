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
  const told = new Map();
  const waiting = [];
  const gone = once(emitter, 'exit').then(() => {
    throw new Error('the host has gone');
  });
  gone.catch(() => {});
  emitter.on('message', ({ event, value, at }) => {
    told.set(event, { value, at });
    for (const look of waiting) look();
  });
  /** What it says, once it says so; `is` looks at it. */
  const hear = (event, is = () => true) =>
    within(
      30_000,
      Promise.race([
        gone,
        new Promise((resolve) => {
          const look = () => {
            if (told.has(event) && is(told.get(event))) resolve(told.get(event).value);
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
