import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { before, claimAndWrite, gone, goneOrForeign, leaveDeadWriter, leaveInvalid } from './scenes.mjs';

const erase = ({ driver }) => driver.deleteCachedImageSync('a');
const queue = ({ driver }) => driver.queueImageSync('a');

async function leaveAllSorts(scene) {
  await leaveInvalid(scene, 'b');
  leaveDeadWriter(scene, 'dead');
  await writeFile(join(scene.dir, 'incomplete', 'foreign'), 'half');
}

export const removals = [
  { name: 'delete', before, hits: 3, crash: true, excused: gone, run: erase },
  { name: 'delete, in the pool', before, excused: gone, run: ({ driver }) => driver.deleteCachedImage('a') },
  {
    name: 'delete over a dead writer',
    before,
    crash: true,
    excused: goneOrForeign,
    prepare: leaveDeadWriter,
    run: erase,
  },
  {
    name: 'delete while it is written',
    before,
    excused: goneOrForeign,
    prepare: claimAndWrite,
    run: erase,
    finish: ({ writer, error, excused }) => {
      if (error || excused) return writer.rollbackSync('why');
      try {
        writer.commitSync();
      } catch (lost) {
        return lost.code === 'ERR_CLAIM_LOST' ? undefined : `the commit fails with ${lost}`;
      }
      return 'it is committed though deleted';
    },
  },
  { name: 'delete all', before, excused: gone, run: ({ driver }) => driver.deleteAllCachedImages() },
  {
    name: 'evict',
    before,
    hits: 3,
    crash: true,
    excused: gone,
    answer: ['a'],
    run: async ({ driver }) => (await driver.evictTo(0)).images.map(({ imageId }) => imageId),
  },
  {
    name: 'evict, dry',
    before,
    hits: 3,
    after: before,
    excused: gone,
    answer: 1,
    run: async ({ driver }) => (await driver.evictTo(0, { dryRun: true })).filesEvicted,
  },
  {
    name: 'clean',
    before,
    hits: 3,
    after: before,
    crash: true,
    excused: goneOrForeign,
    prepare: leaveAllSorts,
    run: ({ driver }) => driver.clean(0),
  },
  { name: 'queue', crash: true, answer: true, excused: goneOrForeign, run: queue },
  { name: 'queue, in the pool', answer: true, excused: goneOrForeign, run: ({ driver }) => driver.queueImage('a') },
  { name: 'queue what is cached', before, after: before, answer: false, excused: goneOrForeign, run: queue },
  {
    name: 'dequeue',
    crash: true,
    prepare: ({ driver }) => driver.queueImage('a'),
    run: ({ driver }) => driver.deleteQueuedImageSync('a'),
  },
  {
    name: 'dequeue all',
    answer: 1,
    excused: gone,
    prepare: ({ driver }) => driver.queueImage('a'),
    run: ({ driver }) => driver.deleteAllQueuedImages(),
  },
];
