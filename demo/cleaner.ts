import type { Participant } from './participant.ts';
import { whenAborted } from './waiting.ts';

/**
 * The cleaner removes the leftovers of dead writers, on command, so that the demo knows which process settles a claim.
 */
export async function cleanWhenTold({ cache, stopped, onCommand }: Participant): Promise<void> {
  onCommand('clean', async () => ({ type: 'cleaned', result: await cache.clean() }));
  await whenAborted(stopped);
}
