import { fstatSync } from 'node:fs';

import type { Participant } from './participant.ts';
import { createBuffers, largestPiece, serve } from './serve.ts';
import type { SourceFile } from './source-files.ts';
import { pause } from './waiting.ts';

const restMs = 50;
const pollMs = 5;
/** Another process may ask for the image in the meantime, and then it stays. */
const mostPatienceMs = 2_000;

/**
 * Has images evicted under its hands: opens the one that is to go next, reads the first piece, waits until it is gone,
 * and reads on. It has it open, so that it still gets all of it.
 */
export async function readWhatIsEvicted({ order, driver, log, stopped }: Participant): Promise<void> {
  const byId = new Map(order.images.map((image) => [image.imageId, image]));
  while (!stopped.aborted) {
    const coldest = await driver.getLeastRecentlyAccessed();
    const image = byId.get(coldest?.imageId ?? '');
    if (image) await readSlowly(image);
    await pause(restMs, stopped);
  }

  async function readSlowly(image: SourceFile): Promise<void> {
    let gone: boolean | undefined;
    const buffers = createBuffers(Math.min(largestPiece, Math.ceil(image.size / 2)));
    const served = await serve(driver, image, buffers, async ({ fd }) => {
      gone ??= await isEvictedInTime(fd, stopped);
    });
    if (!served) return;
    log.served(image, served);
    if (gone && !served.counted) log.tally.evictedDuringReads += 1;
  }
}

/** An open file that has no name any more was evicted. */
async function isEvictedInTime(fd: number, stopped: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + mostPatienceMs;
  while (fstatSync(fd).nlink > 0) {
    if (stopped.aborted || performance.now() > deadline) return false;
    await pause(pollMs, stopped);
  }
  return true;
}
