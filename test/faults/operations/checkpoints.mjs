import { before } from './scenes.mjs';

/** On a file system without checkpoints it syncs, and no more. */
export const checkpoints = [
  {
    name: 'checkpoint',
    before,
    after: before,
    crash: true,
    options: { checkpointIntervalMs: 3_600_000 },
    run: ({ driver }) => driver.checkpoint(),
  },
];
