import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { setXattrSync } from '../../dist/index.js';

const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);

/**
 * Leaves the files of a writer that was killed in the middle: its bytes, and its token, marked and not locked. Returns
 * false if another writer holds the image. The token is marked from the moment that it is visible.
 */
export function plantDeadWriter(dir, imageId, bytes) {
  const incomplete = join(dir, 'incomplete');
  const name = `.d-${randomBytes(8).toString('hex')}`;
  const hidden = join(dir, `.token-${name}`);
  writeFileSync(join(incomplete, name), bytes);
  writeFileSync(hidden, '');
  setXattrSync(hidden, 'xattr_cache.writer', `${name} ${bootId}`);
  try {
    linkSync(hidden, join(incomplete, imageId));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    rmSync(join(incomplete, name));
    return false;
  } finally {
    rmSync(hidden);
  }
}
