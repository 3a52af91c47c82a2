import { setImmediate as nextTurn } from 'node:timers/promises';

import { createOrigin } from './origin.ts';
import type { Participant } from './participant.ts';
import { seededRandom, shuffled } from './random.ts';
import { whenAborted } from './waiting.ts';

/**
 * The victim begins to fetch an image, reports the first part, and then waits to be killed. It does nothing else,
 * because the hits and evictions of a killed process would be missing in the accounts.
 */
export async function fetchUntilKilled({ order, cache, stopped, send }: Participant): Promise<void> {
  const fetch = createOrigin({
    images: order.images,
    onFetch: () => {},
    // The request for the second piece shows that the first one is written.
    beforePiece: async ({ imageId }, position) => {
      if (position === 0) return;
      await send({ type: 'fetching', imageId });
      await whenAborted(stopped);
    },
  });
  for (const { imageId, size } of endlessly(shuffled(order.images, seededRandom(order.seed)))) {
    if (stopped.aborted) return;
    const image = await cache.getOrFetch(imageId, fetch, { expectedSize: size });
    // Otherwise it is cached, or another process fetches it: try the next one.
    if (image.source === 'fetch') await whenAborted(stopped);
    await image.abort();
    await nextTurn();
  }
}

function* endlessly<T>(items: readonly T[]): Generator<T> {
  for (;;) yield* items;
}
