// An empty project in another directory, without a compiler and without install scripts.

import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

import { temporaryDirectory } from '../../support/temporary-directory.mjs';
import { tarball } from './tarball.mjs';
import { pnpm, yarn } from './tools.mjs';

const here = dirname(import.meta.dirname);
const npm = realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim());
const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();

const yarnWith = (linker) => (home) => ({
  command: [process.execPath, yarn, 'add', `xattr-cache@file:${tarball.path}`],
  env: {
    YARN_ENABLE_GLOBAL_CACHE: 'false',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    YARN_ENABLE_SCRIPTS: 'false',
    YARN_ENABLE_TELEMETRY: 'false',
    YARN_GLOBAL_FOLDER: join(home, 'yarn'),
    YARN_NODE_LINKER: linker,
    YARN_NPM_REGISTRY_SERVER: registry,
  },
});

const installers = {
  npm: () => ({ command: [npm, 'install', '--ignore-scripts', '--no-audit', '--no-fund', tarball.path] }),
  pnpm: (home) => ({ command: [pnpm, 'add', '--ignore-scripts', `--store-dir=${join(home, 'store')}`, tarball.path] }),
  yarn: yarnWith('node-modules'),
  'yarn, Plug’n’Play': yarnWith('pnp'),
};

export const packageManagers = Object.keys(installers);

/**
 * Makes a project in which `packageManager` has installed the package. `run` runs a program there and returns its
 * stdout; `attempt` returns the entire outcome.
 */
export async function projectWith(t, packageManager = 'npm') {
  const home = await temporaryDirectory(t);
  const directory = join(home, 'project');
  const programs = join(home, 'bin');
  mkdirSync(directory);
  mkdirSync(programs);
  // Nothing else is on the PATH: no compiler, no make, no Python.
  symlinkSync(process.execPath, join(programs, 'node'));
  symlinkSync('/bin/sh', join(programs, 'sh'));
  const { CI: _, NODE_OPTIONS: __, ...inherited } = process.env;
  const baseEnv = { ...inherited, PATH: programs };

  const attempt = (program, args, { env = {}, path = [], ...options } = {}) =>
    spawnSync(program, args, {
      cwd: directory,
      encoding: 'utf8',
      timeout: 300_000,
      env: { ...baseEnv, ...env, PATH: [programs, ...path].join(delimiter) },
      ...options,
    });
  const run = (program, args, options) => {
    const { status, signal, error, stdout, stderr } = attempt(program, args, options);
    if (status !== 0) throw new Error(`${program} ended with ${error ?? signal ?? status}: ${stderr}${stdout}`);
    return stdout;
  };

  writeFileSync(join(directory, 'package.json'), '{ "name": "consumer", "private": true }\n');
  // Otherwise Yarn looks for a project in the directories above.
  if (packageManager.startsWith('yarn')) writeFileSync(join(directory, 'yarn.lock'), '');
  const { command, env } = installers[packageManager](home);
  run(command[0], command.slice(1), { env });
  for (const name of ['smoke.mjs', 'import.mjs', 'require.cjs']) {
    copyFileSync(join(here, 'fixtures', name), join(directory, name));
  }
  const installed = join(directory, 'node_modules', 'xattr-cache');
  return { directory, installed, attempt, run, emptyDirectory: () => temporaryDirectory(t) };
}
