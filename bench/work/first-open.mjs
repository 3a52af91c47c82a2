import { expectEqual } from '../harness/contents.mjs';
import { coldestNames, imageBytes } from '../harness/filled-directories.mjs';

/** The open that trial-main.mjs has timed, which dropped the `doubtful` coldest images of a filled directory. */
export async function run(peer, { entries, doubtful }, { openedMs }) {
  const size = await peer.size();
  expectEqual(size, (entries - doubtful) * imageBytes, 'bytes that are left');
  for (const name of coldestNames(entries, doubtful)) expectEqual(await peer.has(name), false, `${name} is there`);
  const { thisBoot, doubtfulImages } = await peer.checkpointState();
  expectEqual(thisBoot, true, 'the last checkpoint is of this boot');
  expectEqual(doubtfulImages, 0, 'doubtful images');
  return { batches: [openedMs], answer: size };
}
