import { contentsOf, expectEqual, imageName } from '../harness/contents.mjs';
import { measure } from '../harness/measure.mjs';

const workingSetBytes = 64 * 1024 * 1024;
const mostImages = 100;

/** Whole images, one after another, in turn. */
export async function run(peer, { size, ...spec }) {
  const count = Math.max(2, Math.min(mostImages, Math.floor(workingSetBytes / size)));
  const contents = contentsOf(size);
  const names = Array.from({ length: count }, (_, number) => imageName(number));
  for (const [number, name] of names.entries()) await peer.put(name, contents.of(number));

  const result = await measure((number) => peer.get(names[number % count]), spec);
  // Before the images are looked at, which counts, too.
  if (peer.hits) expectEqual(await sumOfHits(peer, names), result.operations, 'hits');
  for (const [number, name] of names.entries()) {
    expectEqual(contents.isOf(await peer.get(name), number), true, `the bytes of ${name} are those that were put`);
  }
  return result;
}

async function sumOfHits(peer, names) {
  let sum = 0;
  for (const name of names) sum += await peer.hits(name);
  return sum;
}
