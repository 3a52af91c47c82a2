import type { Participant } from './participant.ts';
import { pause } from './waiting.ts';

const intervalMs = 200;
/** As a part of the limit: what the workers, too, evict down to when they have gone beyond it. */
const lowWatermark = 0.9;

/** The pruner: makes room ahead of the workers, as a timer of an operator's would. */
export async function keepPruning({ cache, stopped }: Participant): Promise<void> {
  const maxSize = Math.floor(cache.maxSize * lowWatermark);
  while (!stopped.aborted) {
    await cache.prune({ maxSize });
    await pause(intervalMs, stopped);
  }
}
