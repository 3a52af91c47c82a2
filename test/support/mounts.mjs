import { execFileSync } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { defer } from './defer.mjs';

const isRoot = process.getuid?.() === 0;

/** The `skip` of a test that only root can run: false, or the reason. */
export const needsRoot = isRoot ? false : 'needs root';

/** The `skip` of a test that mounts a file system: false, or the reason. */
export const needsMount = mountRefusal();

/** A file system of its own, at a fresh directory, until `t` is over. */
export async function mountFresh(t, type, options = 'rw') {
  const at = await mountPoint(t);
  execFileSync('mount', ['-t', type, '-o', options, 'xattr-cache-test', at]);
  defer(t, () => execFileSync('umount', ['--lazy', at]));
  return at;
}

/** `dir` seen a second time, and there only to be read, until `t` is over. */
export async function mountReadOnly(t, dir) {
  const at = await mountPoint(t);
  execFileSync('mount', ['--bind', dir, at]);
  defer(t, () => execFileSync('umount', ['--lazy', at]));
  execFileSync('mount', ['-o', 'remount,ro,bind', at]);
  return at;
}

async function mountPoint(t) {
  const at = await mkdtemp(join(tmpdir(), 'xattr-cache-mount-'));
  defer(t, () => rmdir(at));
  return at;
}

function mountRefusal() {
  if (!isRoot) return 'needs root, to mount a file system';
  try {
    // In a mount namespace of its own, so that nothing is left behind.
    execFileSync('unshare', ['--mount', 'mount', '-t', 'ramfs', 'none', tmpdir()], { stdio: 'ignore' });
    return false;
  } catch {
    return 'needs the right to mount a file system';
  }
}
