import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ImageCache, setXattrSync } from '../../../dist/index.js';
import { ChecksumVerifier } from '../../../dist/streams/checksum.js';
import { after, before, claimAndWrite } from './scenes.mjs';

const half = 10;
const checksum = `sha256-${createHash('sha256').update(after).digest('base64')}`;
const holdingLeader = new URL('../support/holding-leader.mjs', import.meta.url);

/** Where the image comes from: in two pieces, and from the second one on if that is asked for. */
export function source(_imageId, { offset }) {
  const from = offset === half ? half : 0;
  const pieces = from === 0 ? [after.subarray(0, half), after.subarray(half)] : [after.subarray(half)];
  return { offset: from, body: pieces };
}

async function* withPauses(pieces) {
  for (const piece of pieces) {
    yield piece;
    await sleep(60);
  }
}

async function openCache(scene) {
  scene.cache = await ImageCache.open({ driver: scene.driver });
  await ChecksumVerifier.of(checksum); // What it needs is loaded when it is first used.
}

async function ask(scene, options) {
  return read(await scene.cache.getOrFetch('a', source, options));
}

/** All of it, or what is left; closed in any case. */
async function read(image, from = image[Symbol.asyncIterator]()) {
  const chunks = [];
  for (let next = await from.next(); !next.done; next = await from.next()) chunks.push(next.value);
  await image.close();
  return String(Buffer.concat(chunks));
}

/** In any state of the cache, a caller has the right bytes or an error, and the next caller gets the bytes. */
async function askAgain(scene) {
  const { answer, error, image, writer } = scene;
  if (!error && answer !== String(after)) return `it gave ${answer}`;
  try {
    await image?.abort();
    await writer?.rollback('why');
    const next = await ask(scene);
    if (next !== String(after)) return `the next one is given ${next}`;
  } finally {
    await scene.cache.close();
  }
}

const anyErrno = ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EMFILE', 'ENOMEM', 'EINTR', 'ENOENT', 'ESTALE', 'EROFS'];

/** A cache that fails is done without: what was asked for is given, and not cached. */
const fetching = { after, anyHits: true, excused: anyErrno, prepare: openCache, finish: askAgain };

export const fetchingOperations = [
  { ...fetching, name: 'fetch', crash: true, run: (scene) => ask(scene) },
  {
    ...fetching,
    name: 'fetch, slowly',
    crash: true,
    run: async ({ cache }) => {
      const slow = (imageId, context) => {
        const { offset, body } = source(imageId, context);
        return { offset, body: withPauses(body) };
      };
      return read(await cache.getOrFetch('a', slow));
    },
  },
  { ...fetching, name: 'fetch with a checksum', crash: true, run: (scene) => ask(scene, { checksum }) },
  {
    ...fetching,
    name: 'fetch with a length, in the pool',
    options: { inline: false },
    run: (scene) => ask(scene, { expectedSize: after.length }),
  },
  {
    ...fetching,
    name: 'read along with a writer',
    crash: true,
    prepare: async (scene) => {
      await openCache(scene);
      claimAndWrite(scene);
    },
    run: async (scene) => {
      scene.image = await scene.cache.getOrFetch('a', source);
      const chunks = scene.image[Symbol.asyncIterator]();
      const { value = '' } = await chunks.next();
      await scene.writer.commit();
      return value + (await read(scene.image, chunks));
    },
  },
  {
    ...fetching,
    name: 'take over from a leader who has died',
    crash: true,
    prepare: async (scene) => {
      await openCache(scene);
      scene.leader = new Worker(holdingLeader, { workerData: { dir: scene.dir } });
      await new Promise((resolve) => scene.leader.once('message', resolve));
      scene.image = await scene.cache.getOrFetch('a', source);
      scene.chunks = scene.image[Symbol.asyncIterator]();
      scene.begun = (await scene.chunks.next()).value;
    },
    run: async (scene) => {
      await scene.leader.terminate();
      return scene.begun + (await read(scene.image, scene.chunks));
    },
  },
  {
    name: 'verify what is damaged',
    before,
    crash: true,
    excused: ['ENOENT', 'ESTALE'],
    prepare: async (scene) => {
      await openCache(scene);
      setXattrSync(scene.driver.getImageFilepath('a'), 'xattr_cache.digest', `${after.length} ${checksum}`);
    },
    run: async (scene) => (await scene.cache.verify('a')).result,
    answer: 'corrupt',
    finish: ({ cache }) => cache.close(),
  },
];
