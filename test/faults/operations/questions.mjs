import { after, before, claimAndWrite, goneOrForeign, leaveDeadWriter, leaveInvalid } from './scenes.mjs';

/** Of a cache in which there is one of everything. What seems to be gone is answered as if it were. */
function question(name, ask, answer) {
  return {
    name,
    before,
    hits: 3,
    after: before,
    answer,
    excused: goneOrForeign,
    prepare: async (scene) => {
      await leaveInvalid(scene, 'b');
      await scene.driver.queueImage('b');
      leaveDeadWriter(scene, 'dead');
    },
    run: ({ driver }) => ask(driver),
  };
}

async function collected(batches) {
  const ids = [];
  for await (const batch of batches) ids.push(...batch.map(({ imageId }) => imageId));
  return ids;
}

export const questions = [
  question('is it cached', (driver) => driver.isCachedSync('a'), true),
  question('is it being cached', (driver) => driver.isBeingCachedSync('a'), false),
  question('is it being cached by a dead writer', (driver) => driver.isBeingCachedSync('dead'), false),
  question('is it cacheable', (driver) => driver.isCacheableSync('dead'), true),
  question('is it queued', (driver) => driver.isQueuedSync('b'), true),
  question('hit count', (driver) => driver.getHitCountSync('a'), 3),
  question('image size', (driver) => driver.getImageSizeSync('a'), before.length),
  question('is it cached, in the pool', (driver) => driver.isCached('a'), true),
  question('cache size', (driver) => driver.getCacheSize(), before.length),
  question('least recently accessed', async (driver) => (await driver.getLeastRecentlyAccessed())?.imageId, 'a'),
  question('list', async (driver) => (await driver.getCachedImages()).map(({ imageId }) => imageId), ['a']),
  question('list in batches', (driver) => collected(driver.cachedImages()), ['a']),
  question('list invalid', async (driver) => (await driver.getInvalidImages()).map(({ imageId }) => imageId), ['b']),
  question('list the queue', (driver) => driver.getQueuedImages(), ['b']),
  question(
    'usage',
    async (driver) => {
      const { incomplete, invalid, queued } = await driver.getUsage();
      return { incomplete, invalid, queued };
    },
    { incomplete: 1, invalid: 1, queued: 1 },
  ),
  {
    name: 'is it being cached by a live writer',
    after,
    answer: true,
    excused: goneOrForeign,
    prepare: claimAndWrite,
    run: ({ driver }) => driver.isBeingCachedSync('a'),
    finish: ({ writer }) => writer.commitSync(),
  },
];
