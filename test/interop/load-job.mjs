// The jobs of concurrent processes of both sides on one directory, so that afterwards each fault has a known side.

const imagesOfAKind = 9;

/**
 * ours: we alone read and write them. theirs: Glance alone. shared: we write, both read. Of these three each image has one
 * writer, which writes it if it is missing, and every eviction reports its hits: so all hits can be accounted for.
 * contended: both read, write and delete them, Glance with one process for each image. clash: all processes of Glance
 * write them concurrently (glance B1).
 */
export const kinds = ['ours', 'theirs', 'shared', 'contended', 'clash'];

/** The jobs of so many processes of one side. */
export function jobs(workers, { seed, seconds }) {
  const images = Object.fromEntries(
    kinds.map((kind) => [kind, Array.from({ length: imagesOfAKind }, (_, n) => `${kind}-${n}`)]),
  );
  const largest = 40_000;
  return Array.from({ length: workers }, (_, worker) => ({
    images,
    largest,
    // A third less than without an eviction.
    evictTo: (kinds.length * imagesOfAKind * largest) / 3,
    seed: seed + worker,
    seconds,
    worker,
    workers,
  }));
}
