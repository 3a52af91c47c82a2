// A cache in a process or a thread of its own, which does what it is told by processes.mjs.

import { parentPort } from 'node:worker_threads';

import { imageName } from '../../harness/contents.mjs';
import { consume, now, slowSource } from './source.mjs';

const readersAtOnce = 8;

const { open } = await import(`../../peers/${process.env.PEER}.mjs`);
const peer = await open(process.env.DIR);
const say = (event, value) => (parentPort ? parentPort.postMessage({ event, value }) : process.send({ event, value }));

const tasks = {
  /** All images, some at a time, beginning with another one in each process. */
  async readAll({ number, images, size }) {
    const { fetch, fetches } = slowSource({ size, delayMs: 5, pauseMs: 1 });
    const ids = Array.from({ length: images }, (_, i) => imageName((i + number * 3) % images));
    let bytes = 0;
    const readSome = async () => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
        const read = await consume(await peer.get(id, fetch));
        bytes += read.size;
      }
    };
    await Promise.all(Array.from({ length: readersAtOnce }, readSome));
    return { bytes, fetches: fetches.length };
  },

  /** Fetches one image; `holdAt`: to there, and no further. */
  async lead({ holdAt, ...source }) {
    const askedMs = now();
    const onPiece = (at) => {
      if (at === 0) say('fetching');
      if (at !== holdAt) return undefined;
      say('holding');
      return new Promise(() => {});
    };
    const { fetch } = slowSource({ ...source, onPiece });
    return { askedMs, ...(await consume(await peer.get('image', fetch))) };
  },
};

(parentPort ?? process).on('message', async ({ task, settings }) => say(task, await tasks[task](settings)));
process.on('disconnect', () => process.exit());
say('ready');
