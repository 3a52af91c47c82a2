import { setImmediate as nextTurn } from 'node:timers/promises';

import { Filler } from './fill.ts';
import type { Participant } from './participant.ts';
import { type Random, seededRandom } from './random.ts';
import { type Buffers, createBuffers, serve, serveSync } from './serve.ts';
import { readWhatIsEvicted } from './slow-reader.ts';
import type { SourceFile } from './source-files.ts';
import { pause } from './waiting.ts';
import { zipf } from './zipf.ts';

/** Readers that take turns on one event loop, so that the asynchronous calls of one process overlap. */
const readersPerProcess = 4;
/** How unevenly images are asked for; 1 is Zipf's law proper. */
const zipfExponent = 1;
const takeOverPatienceMs = 5_000;

/**
 * A worker: reads images as often as they are popular, and puts what is missing into the cache, which looks after its
 * limit by itself. Any number of workers share the directory and know nothing of each other.
 */
export async function work(participant: Participant): Promise<void> {
  const { cache, log, order, onCommand } = participant;
  const filler = new Filler(cache, log.tally);
  onCommand('take over', async ({ imageId }) => {
    const image = order.images.find((each) => each.imageId === imageId) as SourceFile;
    return { type: 'taken over', done: await takeOver(participant, filler, image) };
  });

  const random = seededRandom(order.seed);
  const nextRank = zipf(order.images.length, zipfExponent, random);
  const nextImage = () => order.images[nextRank()] as SourceFile;
  const readers = Array.from({ length: readersPerProcess }, () => read(participant, filler, nextImage, random));
  await Promise.all([...readers, readWhatIsEvicted(participant)]);
}

async function read(
  { driver, log, stopped }: Participant,
  filler: Filler,
  nextImage: () => SourceFile,
  random: Random,
): Promise<void> {
  const buffers = createBuffers();
  while (!stopped.aborted) {
    const image = nextImage();
    const served = random() < 0.5 ? serveSync(driver, image, buffers) : await serve(driver, image, buffers);
    if (served) log.served(image, served);
    else log.missed(image, await fetchMissing(filler, image, buffers, random));
    // A reader that happens to meet only synchronous calls must not starve the others, nor the message to stop.
    await nextTurn();
  }
}

/** Whatever becomes of the cache, the reader gets the source's own bytes: through the cache, or past it. */
async function fetchMissing(filler: Filler, image: SourceFile, buffers: Buffers, random: Random) {
  if (random() < 0.5) return await filler.tee(image, buffers);
  await filler.put(image, buffers);
  return { bytes: image.size, wrongBytes: 0, firstWrongAt: undefined };
}

/**
 * Writes an image whose writer was killed.
 *
 * @returns whether it could be written, by this worker or, if that was quicker, by another one.
 */
async function takeOver({ driver, stopped }: Participant, filler: Filler, image: SourceFile): Promise<boolean> {
  const buffers = createBuffers();
  const deadline = performance.now() + takeOverPatienceMs;
  do {
    if (await filler.put(image, buffers)) return true;
    // Its claim kept it from being cached until the writer was dead, so that whoever has cached it has taken it over.
    if (await driver.isCached(image.imageId)) return true;
    await pause(1, stopped);
  } while (performance.now() < deadline);
  return false;
}
