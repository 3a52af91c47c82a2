import { rmSync, writeFileSync } from 'node:fs';

import { after, before, claimAndWrite, leaveDeadWriter } from './scenes.mjs';

/** A caller that got the claim can go on with it; one that did not has nothing to release. */
function writeAndCommit({ writer }) {
  if (!writer) return;
  writer.writeSync(after);
  writer.commitSync();
}

const claim = (scene) => {
  scene.writer = scene.driver.openForWriteSync('a');
};
const claimInPool = async (scene) => {
  scene.writer = await scene.driver.openForWrite('a');
};
const commit = ({ writer }) => writer.commitSync();
const put = ({ driver }) => driver.writeImageSync('a', after);
async function* inPieces() {
  yield after.subarray(0, 10);
  yield after.subarray(10);
}

export const writes = [
  { name: 'put', after, crash: true, run: put },
  { name: 'put over an image', before, hits: 3, after, crash: true, run: put },
  { name: 'put over a dead writer', after, prepare: leaveDeadWriter, run: put },
  { name: 'put by name', after, refused: 'linkat', run: put },
  { name: 'put what is queued', after, prepare: ({ driver }) => driver.queueImage('a'), run: put },
  { name: 'put, in the pool', before, after, run: ({ driver }) => driver.writeImage('a', after) },
  {
    name: 'put a stream',
    before,
    hits: 3,
    after,
    crash: true,
    run: ({ driver }) => driver.writeImage('a', inPieces(), { expectedSize: after.length }),
  },

  { name: 'claim', after, run: claim, finish: writeAndCommit },
  { name: 'claim over an image', before, after, run: claim, finish: writeAndCommit },
  { name: 'claim, in the pool', before, after, run: claimInPool, finish: writeAndCommit },
  { name: 'claim by name', after, refused: 'linkat', run: claim, finish: writeAndCommit },
  { name: 'take-over', before, after, crash: true, prepare: leaveDeadWriter, run: claim, finish: writeAndCommit },
  {
    name: 'second claim',
    before,
    after,
    prepare: claimAndWrite,
    run: ({ driver }) => {
      try {
        driver.openForWriteSync('a');
      } catch (error) {
        return error.code;
      }
    },
    finish: ({ writer, answer }) => {
      writer.commitSync();
      return answer === undefined ? 'it is claimed twice' : undefined;
    },
  },
  {
    name: 'claim with a reservation',
    after,
    run: (scene) => {
      scene.writer = scene.driver.openForWriteSync('a', { expectedSize: after.length });
    },
    finish: writeAndCommit,
  },

  {
    name: 'write',
    after,
    prepare: claim,
    run: ({ writer }) => writer.writeSync(after),
    finish: ({ driver, writer, error }) => {
      if (!error) return writer.commitSync();
      // A writer whose write failed takes no more: a chunk would be missing.
      writer.rollbackSync(error);
      return driver.writeImageSync('a', after);
    },
  },
  { name: 'commit', after, crash: true, prepare: claimAndWrite, run: commit },
  { name: 'commit over an image', before, hits: 3, after, crash: true, prepare: claimAndWrite, run: commit },
  {
    name: 'commit what is queued',
    after,
    prepare: async (scene) => {
      await scene.driver.queueImage('a');
      claimAndWrite(scene);
    },
    run: commit,
  },
  { name: 'commit, in the pool', before, after, prepare: claimAndWrite, run: ({ writer }) => writer.commit() },
  {
    name: 'commit after a delete',
    prepare: (scene) => {
      claimAndWrite(scene);
      scene.driver.deleteCachedImageSync('a');
    },
    run: ({ writer }) => {
      try {
        writer.commitSync();
      } catch (error) {
        return error.code;
      }
    },
    finish: ({ answer }) => (answer === undefined ? 'it is committed though deleted' : undefined),
  },
  {
    name: 'rollback',
    before,
    hits: 3,
    after: before,
    crash: true,
    prepare: claimAndWrite,
    run: ({ writer }) => writer.rollbackSync('why'),
  },
  {
    name: 'rollback of a reservation',
    crash: true,
    prepare: (scene) => {
      scene.writer = scene.driver.openForWriteSync('a', { expectedSize: 100_000 });
      scene.writer.writeSync(after);
    },
    run: ({ writer }) => writer.rollbackSync('why'),
  },
  {
    name: 'commit beside a foreign writer who took the token',
    before,
    after,
    prepare: (scene) => {
      claimAndWrite(scene);
      writeFileSync(scene.driver.getImageFilepath('a', 'incomplete'), 'its');
    },
    run: commit,
    finish: ({ driver }) => rmSync(driver.getImageFilepath('a', 'incomplete')),
  },
  {
    name: 'rollback, in the pool',
    after: undefined,
    prepare: claimAndWrite,
    run: ({ writer }) => writer.rollback('why'),
  },
  {
    name: 'dispose of a writer',
    before,
    after: before,
    prepare: claimAndWrite,
    run: ({ writer }) => writer[Symbol.asyncDispose](),
  },
];
