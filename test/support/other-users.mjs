import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { needsRoot } from './mounts.mjs';

/** Users and a group that own nothing here. */
export const stranger = { uid: 65_534, gid: 65_534 };
export const alice = { uid: 61_001, gid: 61_000 };
export const bob = { uid: 61_002, gid: 61_000 };

/** The `skip` of a test that runs code as another user: false, or the reason. */
export const needsOtherUsers = needsRoot || checkoutRefusal();

function checkoutRefusal() {
  const index = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
  const { status } = spawnSync(process.execPath, ['--check', index], { ...stranger, cwd: '/' });
  return status === 0 ? false : 'needs a checkout that other users may read';
}
