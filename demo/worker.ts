import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Fetch } from 'xattr-cache';
import { createOrigin } from './origin.ts';
import type { Participant } from './participant.ts';
import { type Random, seededRandom } from './random.ts';
import { createBuffers, serveFetched, serveSync } from './serve.ts';
import { readWhatIsEvicted } from './slow-reader.ts';
import type { SourceFile } from './source-files.ts';
import { zipf } from './zipf.ts';

/** Readers that take turns on one event loop, so that the asynchronous calls of one process overlap. */
const readersPerProcess = 4;
/** How unevenly images are asked for; 1 is Zipf's law proper. */
const zipfExponent = 1;

/**
 * A worker: reads images as often as they are popular. What is missing is fetched into the cache, which looks after its
 * limit by itself. Any number of workers share the directory and know nothing of each other.
 */
export async function work(participant: Participant): Promise<void> {
  const { log, order, onCommand } = participant;
  const fetch = createOrigin({ images: order.images, onFetch: (image, offset) => log.fetched(image, offset) });
  onCommand('follow', async ({ imageId }) => {
    const image = order.images.find((each) => each.imageId === imageId) as SourceFile;
    return { type: 'has it all', right: await follow(participant, fetch, image) };
  });

  const random = seededRandom(order.seed);
  const nextRank = zipf(order.images.length, zipfExponent, random);
  const nextImage = () => order.images[nextRank()] as SourceFile;
  const readers = Array.from({ length: readersPerProcess }, () => read(participant, fetch, nextImage, random));
  await Promise.all([...readers, readWhatIsEvicted(participant)]);
}

/** Half of the reads look into the cache first, and do not wait for that. */
async function read(
  { driver, cache, log, stopped }: Participant,
  fetch: Fetch,
  nextImage: () => SourceFile,
  random: Random,
): Promise<void> {
  const buffers = createBuffers();
  while (!stopped.aborted) {
    const image = nextImage();
    const cached = random() < 0.5 ? serveSync(driver, image, buffers) : undefined;
    log.served(image, cached ?? (await serveFetched(cache, fetch, image, buffers)));
    // A reader that happens to meet only synchronous calls must not starve the others, nor the message to stop.
    await nextTurn();
  }
}

/**
 * Reads an image that is being fetched by a process that is going to be killed, and says so when the first bytes have
 * come.
 *
 * @returns whether it got all of it, and nothing wrong.
 */
async function follow({ cache, log, send }: Participant, fetch: Fetch, image: SourceFile): Promise<boolean> {
  const served = await serveFetched(cache, fetch, image, createBuffers(), () => send({ type: 'following' }));
  log.served(image, served);
  return served.wrongBytes === 0;
}
