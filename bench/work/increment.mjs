import { expectEqual } from '../harness/contents.mjs';
import { measure } from '../harness/measure.mjs';

/** One file, its counter increased again and again. */
export async function run(peer, spec) {
  await peer.put('image', Buffer.alloc(4096));
  const result = await measure(() => peer.increment('image'), spec);
  expectEqual(await peer.hits('image'), result.operations, 'increments');
  return result;
}
