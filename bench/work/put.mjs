import { contentsOf, expectEqual, imageName } from '../harness/contents.mjs';
import { measure } from '../harness/measure.mjs';

/** Images that are not there yet, one after another. `how` names the peer's method. */
export async function run(peer, { size, how, ...spec }) {
  const contents = contentsOf(size);
  const bytes = contents.of(1);
  const result = await measure((number) => peer[how](imageName(number), bytes), spec);
  const checkpoints = peer.checkpoints?.();
  for (const number of [0, result.operations - 1]) {
    expectEqual(contents.isOf(await peer.get(imageName(number)), 1), true, `image ${number} is as it was put`);
  }
  return { ...result, checkpoints };
}
