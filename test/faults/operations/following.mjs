import { after, claimAndWrite } from './scenes.mjs';

export const following = [
  {
    name: 'follow what is being written',
    after,
    prepare: claimAndWrite,
    run: async (scene) => {
      scene.found = await scene.driver.acquire('a', { signal: new AbortController().signal });
    },
    finish: async ({ found, writer }) => {
      found?.image?.release();
      await found?.writer?.discard();
      writer.commitSync();
    },
  },
];
