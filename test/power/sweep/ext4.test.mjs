import { test } from 'node:test';

import { isFull } from '../../support/scale.mjs';
import { surviveCuts } from '../support/cuts.mjs';
import { needsDisk } from '../support/needs-disk.mjs';

const skip = needsDisk('ext4');

test('a cache on ext4 – many cuts of power – serves no wrong byte', { skip }, async (t) => {
  await surviveCuts(t, { type: 'ext4', instants: isFull ? 80 : 23 });
});

if (isFull) {
  test('a cache on ext4 with lazytime – many cuts of power – serves no wrong byte', { skip }, async (t) => {
    await surviveCuts(t, { type: 'ext4', mountOptions: 'lazytime', instants: 40 });
  });
}
