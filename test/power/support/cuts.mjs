import assert from 'node:assert/strict';

import { cutPower } from './rig.mjs';

/** Cuts the power as `cutPower` does, and requires that no wrong byte is served, though there are some on disk. */
export async function surviveCuts(t, options) {
  const tally = await cutPower(t, options);
  assert.equal(tally.sum('trustedAndWrong'), 0, tally.served.slice(0, 10).join('\n'));
  assert(tally.sum('wrong') > 0, 'no cut left a wrong image, so nothing was tested');
  assert.equal(tally.sum('lostWithoutDoubt'), 0, 'images that were on disk are gone');
}
