import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { temporaryDirectory } from './temporary-directory.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A second copy of the built package, with its addon or without; resolves to the path of its entry point. */
export async function packageCopy(t, { addon }) {
  const copy = await temporaryDirectory(t);
  const parts = ['package.json', 'dist', ...(addon ? ['build/Release', 'prebuilds'] : [])];
  for (const part of parts) await cp(join(root, part), join(copy, part), { recursive: true, filter: isProduct });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  return join(copy, 'dist', 'index.js');
}

const isProduct = (path) => !path.includes('/obj.target') && !path.includes('/.deps');
