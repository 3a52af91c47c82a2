import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { needsFileSystem } from '../../support/file-systems.mjs';

/** The `skip` of a test whose disk loses its power, with a file system of this type on it: false, or the reason. */
export function needsDisk(type) {
  const reason = needsFileSystem({ type });
  if (reason) return reason;
  if (!existsSync('/dev/fuse')) return 'needs /dev/fuse';
  if (!runs('gcc', '--version')) return 'needs gcc';
  if (!runs('pkg-config', '--exists', 'fuse3')) return 'needs pkg-config and libfuse3-dev';
  // The kernel takes a copy of a mounted Btrfs for the same file system otherwise.
  if (type === 'btrfs' && !existsSync('/sys/fs/btrfs/features/temp_fsid')) return 'needs a kernel with btrfs temp_fsid';
  return false;
}

function runs(...command) {
  return spawnSync(command[0], command.slice(1), { env: { ...process.env, LD_PRELOAD: '' } }).status === 0;
}
