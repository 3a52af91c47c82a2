import { setImmediate as nextTurn } from 'node:timers/promises';

import { chunksOf } from './fill.ts';
import type { Participant } from './participant.ts';
import { seededRandom, shuffled } from './random.ts';
import { largestPiece } from './serve.ts';
import type { SourceFile } from './source-files.ts';
import { whenAborted } from './waiting.ts';

/**
 * The victim: begins to write an image, says so when a part of it is written, and then waits to be killed. It does nothing
 * else: hits or evictions of a process that is killed could not be accounted for.
 */
export async function writeUntilKilled({ order, cache, stopped, send }: Participant): Promise<void> {
  for (const image of endlessly(shuffled(order.images, seededRandom(order.seed)))) {
    if (stopped.aborted) return;
    const source = beginningOf(image, () => send({ type: 'writing', imageId: image.imageId }), stopped);
    // False if it is cached, or somebody else is writing it: then the next one.
    await cache.cacheImage(image.imageId, source, { expectedSize: image.size }).catch((error: unknown) => {
      if (!stopped.aborted) throw error;
    });
    await nextTurn();
  }
}

function* endlessly<T>(items: readonly T[]): Generator<T> {
  for (;;) yield* items;
}

async function* beginningOf(
  image: SourceFile,
  tell: () => Promise<void>,
  stopped: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const [piece] = chunksOf(image, Buffer.allocUnsafe(Math.min(largestPiece, Math.ceil(image.size / 2))));
  yield piece as Uint8Array;
  // Asked for more, so that the first piece is written, and the claim held.
  await tell();
  await whenAborted(stopped);
  throw new Error('told to stop in the middle');
}
