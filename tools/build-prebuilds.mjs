// Builds the addon for prebuilds/: `npm run build:prebuilds [-- --arch x64|arm64 ...]`.
//
// Without --arch: for this machine, and for every other architecture that a cross compiler is installed for; what was left
// out is said. An architecture that was asked for by name and cannot be built is a failure.
//
// Headers of Node: npm's `nodedir` if it is set, since npm hands its configuration on to node-gyp; else they are downloaded.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const prebuildify = join(root, 'node_modules', 'prebuildify', 'bin.js');

/** As Debian and others name their cross compilers. */
const crossPrefixes = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

const { values } = parseArgs({ options: { arch: { type: 'string', multiple: true } } });
const asked = values.arch !== undefined;
const foreign = Object.keys(crossPrefixes).filter((arch) => arch !== process.arch);
for (const arch of values.arch ?? [process.arch, ...(process.platform === 'linux' ? foreign : [])]) {
  const missing = whatIsMissing(arch);
  if (missing === undefined) {
    build(arch);
  } else {
    console.error(`${process.platform}-${arch} is left out: ${missing}`);
    if (asked) process.exitCode = 1;
  }
}

function whatIsMissing(arch) {
  if (arch === process.arch) return undefined;
  const prefix = process.platform === 'linux' ? crossPrefixes[arch] : undefined;
  if (prefix === undefined) return `${process.platform}-${process.arch} cannot build for it`;
  const compiler = `${prefix}-g++`;
  if (spawnSync(compiler, ['--version']).status === 0) return undefined;
  return `there is no ${compiler} (Debian: apt-get install g++-${prefix.replace('_', '-')})`;
}

// Not in the checkout, whose own addon stays as it is; beside the prebuilds, since what is built is renamed to its place.
function build(arch) {
  const directory = mkdtempSync(join(root, 'prebuilds', '.build-'));
  try {
    for (const part of ['binding.gyp', 'native', 'package.json']) symlinkSync(join(root, part), join(directory, part));
    // Through a symlink gyp would find where it really is, and write its makefiles relative to that.
    const headers = join('node_modules', 'node-addon-api');
    cpSync(join(root, headers), join(directory, headers), { recursive: true });

    const prefix = arch === process.arch ? undefined : crossPrefixes[arch];
    const flags = ['--cwd', directory, '--out', root, '--arch', arch, '--target', process.versions.node, '--strip'];
    if (prefix !== undefined) flags.push('--strip-bin', `${prefix}-strip`);
    if (process.platform === 'linux') flags.push('--tag-libc');
    // Without CC and CXX node-gyp would build for this machine, and not say so.
    const cross = prefix === undefined ? {} : { CC: `${prefix}-gcc`, CXX: `${prefix}-g++` };
    const env = { ...process.env, XATTR_CACHE_PORTABLE: '1', JOBS: 'max', ...cross };
    const { status } = spawnSync(process.execPath, [prebuildify, ...flags], { stdio: 'inherit', env });
    if (status !== 0) process.exitCode = 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
