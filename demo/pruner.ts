import type { Participant } from './participant.ts';
import { pause } from './waiting.ts';

const intervalMs = 200;
/** Target as a part of the limit, the same as that of the workers. */
const lowWatermark = 0.9;

/** The pruner frees space ahead of the workers, as an operator's timer does. */
export async function keepPruning({ cache, stopped }: Participant): Promise<void> {
  const maxSize = Math.floor(cache.maxSize * lowWatermark);
  while (!stopped.aborted) {
    await cache.prune({ maxSize });
    await pause(intervalMs, stopped);
  }
}
