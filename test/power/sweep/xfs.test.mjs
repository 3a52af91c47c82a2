import { test } from 'node:test';

import { isFull } from '../../support/scale.mjs';
import { surviveCuts } from '../support/cuts.mjs';
import { needsDisk } from '../support/needs-disk.mjs';

test('a cache on XFS – many cuts of power – serves no wrong byte', { skip: needsDisk('xfs') }, async (t) => {
  await surviveCuts(t, { type: 'xfs', instants: isFull ? 80 : 22 });
});
