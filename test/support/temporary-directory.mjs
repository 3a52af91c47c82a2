import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { defer } from './defer.mjs';

/** An empty directory on the normal file system, or below `under`, gone when `t` is over. */
export async function temporaryDirectory(t, { mode = 0o700, under = tmpdir() } = {}) {
  const dir = await mkdtemp(join(under, 'xattr-cache-'));
  defer(t, () => rm(dir, { recursive: true, force: true }));
  await chmod(dir, mode);
  return dir;
}

/** Every path below `dir`, sorted, dot files too. */
export async function tree(dir) {
  const paths = await readdir(dir, { recursive: true });
  return paths.sort();
}
