import { fstatSync } from 'node:fs';

import type { Participant } from './participant.ts';
import { createBuffers, largestPiece, serve } from './serve.ts';
import type { SourceFile } from './source-files.ts';
import { pause } from './waiting.ts';

const restMs = 50;
const pollMs = 5;
/** Another process may read the image in the meantime, which keeps it cached. */
const longestWaitMs = 2_000;

/**
 * Reads images during their eviction: opens the next victim, reads the first piece, waits until the image is evicted,
 * and reads on. It has the image open, so it still gets all bytes.
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

/** An open file without a name was evicted. */
async function isEvictedInTime(fd: number, stopped: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + longestWaitMs;
  while (fstatSync(fd).nlink > 0) {
    if (stopped.aborted || performance.now() > deadline) return false;
    await pause(pollMs, stopped);
  }
  return true;
}
