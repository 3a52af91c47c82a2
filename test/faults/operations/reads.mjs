import { getXattrSync } from '../../../dist/index.js';
import { before, gone } from './scenes.mjs';

const hits = 3;

const hitsOnFile = ({ driver }) => Number(getXattrSync(driver.getImageFilepath('a'), 'hits'));

/** A hit is on the file if and only if the read reported it. A read that ended has the right bytes, or is a true miss. */
function problemOf(scene) {
  const { answer, error, reader } = scene;
  reader?.abortSync();
  const onFile = hitsOnFile(scene) - hits;
  if (error) return onFile === 0 || error.syscall === undefined ? undefined : 'a read that failed counted a hit';
  if (answer.bytes !== undefined && answer.bytes !== before.toString()) return `it read ${answer.bytes}`;
  if (answer.counted !== undefined && Number(answer.counted) !== onFile) return 'it says of a hit what is not so';
}

function openAndRead(scene) {
  scene.reader = scene.driver.openForReadSync('a');
  const bytes = Buffer.alloc(100);
  return bytes.toString('utf8', 0, scene.reader.readSync(bytes, 0, bytes.length, 0));
}

async function openAndReadInPool(scene) {
  scene.reader = await scene.driver.openForRead('a');
  const bytes = Buffer.alloc(100);
  return bytes.toString('utf8', 0, await scene.reader.read(bytes, 0, bytes.length, 0));
}

const read = { before, hits, after: before, finish: problemOf };

export const reads = [
  {
    ...read,
    name: 'read and hit',
    hitsAfter: hits + 1,
    crash: true,
    run: (scene) => ({ bytes: openAndRead(scene), ...scene.reader.closeSync() }),
  },
  {
    ...read,
    name: 'read and hit, in the pool',
    hitsAfter: hits + 1,
    options: { inline: false },
    run: async (scene) => ({ bytes: await openAndReadInPool(scene), ...(await scene.reader.close()) }),
  },
  {
    ...read,
    name: 'read and hit, without waiting',
    hitsAfter: hits + 1,
    run: async (scene) => ({ bytes: await openAndReadInPool(scene), ...(await scene.reader.close()) }),
  },
  {
    ...read,
    name: 'read a whole image',
    hitsAfter: hits + 1,
    crash: true,
    excused: gone,
    run: async ({ driver }) => ({ bytes: (await driver.readImage('a'))?.toString() }),
  },
  {
    ...read,
    name: 'aborted read',
    hitsAfter: hits,
    run: (scene) => {
      const bytes = openAndRead(scene);
      scene.reader.abortSync();
      return { bytes, counted: false };
    },
  },
];
