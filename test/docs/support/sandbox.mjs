import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { temporaryDirectory } from '../../support/temporary-directory.mjs';
import { root } from './pages.mjs';

const run = promisify(execFile);

/** Runs a script of bash in an empty directory, with `xattr-cache` on the PATH; resolves to what it printed. */
export async function runInSandbox(t, script) {
  const home = await temporaryDirectory(t);
  const cwd = join(home, 'work');
  const bin = join(home, 'bin');
  await mkdir(cwd);
  await mkdir(bin);
  const main = join(root, 'dist/cli/main.js');
  await writeFile(join(bin, 'xattr-cache'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env.PATH}`, HOME: home, TMPDIR: home, LC_ALL: 'C.UTF-8' };
  const { stdout } = await run('bash', ['-c', `exec 2>&1\n${script}`], { cwd, env });
  return stdout;
}

export function quoted(word) {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
