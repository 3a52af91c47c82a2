import type { Participant } from './participant.ts';
import { whenAborted } from './waiting.ts';

/** The cleaner: removes what dead writers left behind. When, it is told, so that it is known who settles which claim. */
export async function cleanWhenTold({ cache, stopped, onCommand }: Participant): Promise<void> {
  onCommand('clean', async () => ({ type: 'cleaned', result: await cache.clean() }));
  await whenAborted(stopped);
}
