// The command line as its users run it: its own process, with pipes or a terminal.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { getXattrSync, XattrDriver } from '../../dist/index.js';
import { defer } from '../support/defer.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';

export const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** The `skip` of a test that needs a terminal from `script` of util-linux: false, or the reason. */
export const needsTerminal = terminalRefusal();

/** Opens a cache, filled through the API with `images` (id → bytes), in a new directory. */
export async function cacheWith(t, images = {}) {
  const home = await temporaryDirectory(t);
  const dir = join(home, 'cache');
  const driver = await XattrDriver.open({ dir });
  defer(t, () => driver.close());
  for (const [imageId, bytes] of Object.entries(images)) await driver.writeImage(imageId, bytes);
  return { home, dir, driver };
}

/**
 * Starts `xattr-cache ...args` on the cache `dir`. `env` is added to the environment. `ended` resolves to its output
 * and its exit code, which is 128 + N, as in a shell, if signal N ended it.
 */
export function startCli(args, { dir, env = {}, cwd, stdio = 'pipe' } = {}) {
  const child = spawn(process.execPath, [main, ...args], { cwd, stdio, env: environment(dir, env) });
  return { child, ended: outcomeOf(child) };
}

/** Runs `xattr-cache ...args` to its end. `input` is its stdin. */
export async function cli(args, { input = '', ...options } = {}) {
  const { child, ended } = startCli(args, options);
  child.stdin?.on('error', () => {}); // The command may end before it has read everything.
  child.stdin?.end(input);
  return await ended;
}

/** Runs a command with `--json`. Resolves to the object on stdout and the exit code; asserts an empty stderr. */
export async function jsonOf(args, options) {
  const [command, ...rest] = args;
  const { code, stdout, stderr } = await cli([command, '--json', ...rest], options);
  assert.equal(stderr, '');
  const value = JSON.parse(stdout);
  assert.equal('error' in value, code !== 0, `exit code ${code} with ${stdout}`);
  return { code, value };
}

/**
 * Runs `xattr-cache ...args` on a terminal of `columns` columns. `answer` is typed when `question` appears. The output
 * is that of stdout and stderr.
 */
export async function onTerminal(args, { dir, env = {}, columns = 80, question, answer, redirect = '' }) {
  const command = [process.execPath, main, ...args].map(shellWord).join(' ');
  const script = `stty cols ${columns} rows 24; exec ${command} ${redirect}`;
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', script, '/dev/null'], {
    env: { TERM: 'xterm', ...environment(dir, env), SHELL: '/bin/sh' },
  });
  child.stdin.on('error', () => {});
  let seen = '';
  let asked = question !== undefined;
  child.stdout.on('data', (chunk) => {
    seen += chunk;
    if (!asked || !seen.includes(question)) return;
    asked = false;
    child.stdin.write(answer);
  });
  const { code, stdout } = await outcomeOf(child);
  return { code, output: stdout.replaceAll('\r\n', '\n') };
}

/** Waits until `condition` holds. Throws with its name, `what`, if it never does. */
export async function until(condition, what) {
  for (const startMs = performance.now(); !(await condition()); await sleep(5)) {
    if (performance.now() - startMs > 20_000) throw new Error(`never: ${what}`);
  }
}

/** Returns the names in a directory of a cache, including the engine's own files. */
export function filesIn(dir, part) {
  return readdirSync(join(dir, part)).sort();
}

export function hitsOf(dir, imageId) {
  return Number(getXattrSync(join(dir, imageId), 'hits'));
}

export function errorOf(dir, imageId) {
  return String(getXattrSync(join(dir, 'invalid', imageId), 'error'));
}

function environment(dir, env) {
  // The environment of the tests must not change their results.
  const {
    COLUMNS: _columns,
    NO_COLOR: _plain,
    FORCE_COLOR: _colour,
    XATTR_CACHE_MAX_SIZE: _size,
    TERM: _terminal,
    CI: _ci, // With CI set, Node assumes a terminal without colours.
    ...own
  } = process.env;
  delete own.XATTR_CACHE_DIR;
  return { ...own, ...(dir !== undefined && { XATTR_CACHE_DIR: dir }), ...env };
}

async function outcomeOf(child) {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name]?.setEncoding('utf8').on('data', (chunk) => {
      output[name] += chunk;
    });
  }
  const hung = setTimeout(() => child.kill('SIGKILL'), 30_000);
  return await new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(hung);
      resolve({ code: code ?? 128 + numberOf(signal), ...output });
    });
  });
}

function numberOf(signal) {
  return { SIGHUP: 1, SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 }[signal] ?? Number.NaN;
}

function shellWord(word) {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function terminalRefusal() {
  try {
    execFileSync('script', ['--quiet', '--return', '--command', 'stty cols 40', '/dev/null'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'needs `script` of util-linux for a terminal';
  }
}
