import { join } from 'node:path';

import { setXattrSync, XattrDriver } from '../../../dist/index.js';
import { after, before } from './scenes.mjs';

/** The last checkpoint is of another boot, and vouches for all that is there. */
function pretendBoot({ dir }) {
  const untilNs = `${Date.now() + 1000}000000`;
  setXattrSync(join(dir, '.xattr-cache'), 'xattr_cache.checkpoint', `1 other-boot ${untilNs}`);
}

export const checkpoints = [
  // On a file system without checkpoints it syncs, and no more.
  {
    name: 'checkpoint',
    before,
    after: before,
    crash: true,
    options: { checkpointIntervalMs: 3_600_000 },
    run: ({ driver }) => driver.checkpoint(),
  },
  {
    name: 'recover',
    before,
    after: before,
    crash: true,
    prepare: pretendBoot,
    run: ({ dir }) => XattrDriver.recover({ dir }),
  },
  {
    name: 'put, on disk first',
    before,
    after,
    crash: true,
    options: { durability: 'sync' },
    run: ({ driver }) => driver.writeImageSync('a', after),
  },
];
