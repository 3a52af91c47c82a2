import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Fetch } from 'xattr-cache';
import { createOrigin } from './origin.ts';
import type { Participant } from './participant.ts';
import { type Random, seededRandom } from './random.ts';
import { createBuffers, serveFetched, serveSync } from './serve.ts';
import { readWhatIsEvicted } from './slow-reader.ts';
import type { SourceFile } from './source-files.ts';
import { zipf } from './zipf.ts';

/** Number of concurrent readers on one event loop, so that the asynchronous calls of a process overlap. */
const readersPerProcess = 4;
/** Exponent of the popularity of images; 1 is Zipf's law proper. */
const zipfExponent = 1;

/**
 * A worker reads images as often as they are popular, and fetches missing ones into the cache, which keeps its limit by
 * itself. Any number of workers share the directory and know nothing of each other.
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

/** Half of the reads first try the cache synchronously. */
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
    // A reader with only synchronous calls must not starve the others, or delay the message to stop.
    await nextTurn();
  }
}

/**
 * Follows an image of a process that will be killed, and reports the first bytes.
 *
 * @returns whether all bytes came, and none was wrong
 */
async function follow({ cache, log, send }: Participant, fetch: Fetch, image: SourceFile): Promise<boolean> {
  const served = await serveFetched(cache, fetch, image, createBuffers(), () => send({ type: 'following' }));
  log.served(image, served);
  return served.wrongBytes === 0;
}
