// A clock that was set back, and what the tests see if the engine is wrong: each control serves wrong bytes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isFull } from '../../support/scale.mjs';
import { surviveCuts } from '../support/cuts.mjs';
import { needsDisk } from '../support/needs-disk.mjs';
import { cutPower } from '../support/rig.mjs';

const skip = needsDisk('ext4');

test('a clock set back by an hour – cuts of power – no wrong byte is served', { skip }, async (t) => {
  await surviveCuts(t, { type: 'ext4', clockAhead: true, instants: isFull ? 40 : 8 });
});

const controls = {
  'no recovery': { rebooted: false },
  'a voucher a second before syncfs': { mistake: 'early-attribute' },
  'times of a wall clock that was set back': { mistake: 'plain-mtime', clockAhead: true },
  'hits that lower a time in the future': { mistake: 'lowered-mtime', clockAhead: true },
};
const mostInstants = 20;

for (const [what, options] of Object.entries(controls)) {
  test(`control: ${what} – cuts of power – wrong bytes are served`, { skip }, async (t) => {
    const enough = (tally) => !isFull && tally.sum('trustedAndWrong') > 0;
    const tally = await cutPower(t, { type: 'ext4', instants: mostInstants, enough, ...options });
    assert(tally.sum('trustedAndWrong') > 0, 'the rig does not notice the mistake');
  });
}
