import { join } from 'node:path';

import { getXattrSync, setXattrSync } from '../../dist/index.js';

const key = 'xattr_cache.checkpoint';

/** Makes the voucher of a closed cache one of another boot, so that the next process to open it opens it after a reboot. */
export function pretendReboot(dir) {
  const corner = join(dir, '.xattr-cache');
  const [version, boot, ...rest] = getXattrSync(corner, key).toString().split(' ');
  setXattrSync(corner, key, [version, boot.replace(/^\w/, (digit) => (digit === '0' ? '1' : '0')), ...rest].join(' '));
}
