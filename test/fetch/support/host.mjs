// host.mjs SETTINGS: one cache that fetches, in a process or a worker thread of its own (see hosts.mjs).
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

import { ImageCache } from '../../../dist/index.js';
import { barrier, origin } from './origin.mjs';

const settings = workerData ?? JSON.parse(process.argv[2]);
const { dir, heldAt, failsWith, delayMs = 0, expectedSize, checksum, finishFetch, ...source } = settings;
const say = (message) => (parentPort ? parentPort.postMessage(message) : process.send(message));

const gate = barrier(heldAt);
const { fetch, fetches, bytes } = origin({
  ...source,
  pause: async (at) => {
    say({ event: 'at', at });
    if (heldAt !== undefined) await gate.pause(at);
    if (delayMs > 0) await sleep(delayMs);
  },
  end: () => {
    if (failsWith) throw new Error(failsWith);
  },
});
const cache = await ImageCache.open({ dir });

async function readOne(image) {
  try {
    const chunks = [];
    for await (const chunk of image) chunks.push(chunk);
    return Buffer.concat(chunks).equals(bytes) ? 'right' : 'wrong';
  } catch (error) {
    return `${error.name} ${error.code} ${error.remote ?? ''}`.trim();
  }
}

const tasks = {
  async ask(count) {
    const options = {
      ...(expectedSize !== undefined && { expectedSize }),
      ...(checksum && { checksum }),
      ...(finishFetch && { finishFetch }),
    };
    const images = await Promise.all(Array.from({ length: count }, () => cache.getOrFetch('a', fetch, options)));
    say({ event: 'asked' });
    const results = await Promise.all(images.map(readOne));
    return { results, sources: images.map(({ source }) => source), fetches, endedMs: Date.now() };
  },
  release: () => gate.open(),
};

(parentPort ?? process).on('message', async ({ task, args }) => {
  const value = await tasks[task](...args);
  say({ event: task, value });
});
process.on('disconnect', () => process.exit());
say({ event: 'ready' });
