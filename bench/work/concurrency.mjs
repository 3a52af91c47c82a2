import { contentsOf, expectEqual, imageName } from '../harness/contents.mjs';

/** `readers` concurrent loops over the same images; reads per second. Contenders that do not count exactly may lose hits. */
export async function run(peer, { readers, images, size, warmUpSeconds, seconds }) {
  const contents = contentsOf(size);
  for (let number = 0; number < images; number++) await peer.put(imageName(number), contents.of(number));

  let reads = 0;
  let next = 0;
  const readUntil = async (end) => {
    while (performance.now() < end) {
      const number = next++ % images;
      expectEqual((await peer.get(imageName(number))).readUInt32LE(0), number, 'the image');
      reads++;
    }
  };
  const readFor = async (duration) => {
    const end = performance.now() + duration * 1000;
    await Promise.all(Array.from({ length: readers }, () => readUntil(end)));
  };

  await readFor(warmUpSeconds);
  const before = reads;
  const start = performance.now();
  await readFor(seconds);
  const throughput = ((reads - before) * 1000) / (performance.now() - start);

  let hits = 0;
  for (let number = 0; number < images; number++) hits += await peer.hits(imageName(number));
  if (peer.countsExactly) expectEqual(hits, reads, 'hits');
  return { batches: [throughput], operations: reads, lostHits: reads - hits };
}
