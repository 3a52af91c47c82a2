import { createReadStream } from 'node:fs';

import { ImageCache } from '../../dist/index.js';

/** This package's manager: `getOrFetch`. */
export async function open(dir) {
  const cache = await ImageCache.open({ dir });
  return {
    name: 'ours-fetch',
    dir,
    get: (id, fetch) => cache.getOrFetch(id, fetch),
    async copy(source, id, { pieceSize }) {
      let consumed = 0;
      const fetch = () => createReadStream(source, { highWaterMark: pieceSize });
      for await (const chunk of await cache.getOrFetch(id, fetch)) consumed += chunk.length;
      return consumed;
    },
    close: () => cache.close(),
  };
}
