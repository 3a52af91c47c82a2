import { join } from 'node:path';

import { XattrDriver } from '../../../dist/index.js';
import { before } from './scenes.mjs';

/** It works in the end, whatever it ran into at first. */
async function configureAgain({ opening }) {
  await opening.configure();
  const { locks, namelessFiles } = opening.capabilities;
  await opening.close();
  if (!locks) return 'locks that work are taken for broken ones';
  if (!namelessFiles) return undefined; // For want of what failed once; the slower way is taken.
}

export const configuring = [
  {
    name: 'configure',
    before,
    after: before,
    crash: true,
    prepare: (scene) => {
      scene.opening = new XattrDriver({ dir: scene.dir });
    },
    run: ({ opening }) => opening.configure(),
    finish: configureAgain,
  },
  {
    name: 'configure an empty directory',
    before,
    after: before,
    crash: true,
    prepare: (scene) => {
      scene.opening = new XattrDriver({ dir: join(scene.dir, '.parent', 'cache') });
    },
    run: ({ opening }) => opening.configure(),
    finish: configureAgain,
  },
];
