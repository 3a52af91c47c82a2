import { buffer } from 'node:stream/consumers';

import { XattrDriver } from '../../dist/index.js';

/** The same driver under what one writes first: look into the cache, and on a miss fetch and write. */
export async function open(dir) {
  const driver = await XattrDriver.open({ dir });
  return {
    name: 'read-through',
    dir,
    async get(id, fetch) {
      const cached = await driver.readImage(id);
      if (cached) return [cached];
      const { body } = fetch(id, { offset: 0 });
      const bytes = await buffer(body);
      await driver.writeImage(id, bytes);
      return [bytes];
    },
    close: () => driver.close(),
  };
}
