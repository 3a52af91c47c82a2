// Cuts the power of a disk while three processes write to a cache on it; `sweep/` has more cuts and file systems.

import { test } from 'node:test';

import { surviveCuts } from './support/cuts.mjs';
import { needsDisk } from './support/needs-disk.mjs';

test('a cache on ext4 – 24 cuts of power – serves no wrong byte', { skip: needsDisk('ext4') }, async (t) => {
  await surviveCuts(t, { type: 'ext4', instants: 8 });
});
