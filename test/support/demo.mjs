// Running the demo as its users do, and looking into its directory while it runs.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

export const demoMain = join(import.meta.dirname, '../../dist/demo/main.js');

/** A directory for a test file, with files to cache in `source`; it is gone after the tests. */
export function demoHome() {
  const home = mkdtempSync(join(tmpdir(), 'xattr-cache-test-'));
  after(() => rmSync(home, { recursive: true }));
  const source = join(home, 'source');
  mkdirSync(source);
  for (let i = 0; i < 64; i++) writeFileSync(join(source, `file-${i}`), randomBytes(4096 + i * 1024));
  return { home, source, emptyDirectory: () => mkdtempSync(join(home, 'dir-')) };
}

/** Starts the demo; `temp` is where its temporary directory is made. */
export function startDemo(args, { temp = tmpdir() } = {}) {
  return start(process.execPath, [demoMain, ...args], { TMPDIR: temp });
}

export function demo(args, options) {
  return startDemo(args, options).ended;
}

/** Starts a program; `ended` resolves to how it ended and what it printed, `output` is that so far. */
export function start(program, args, env) {
  const child = spawn(program, args, { env: { ...process.env, ...env } });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (chunk) => {
      output[name] += chunk;
    });
  }
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  return { child, output, ended };
}

/** The files in a cache directory that are images. */
export function imagesIn(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({ name }) => join(dir, name));
}

export async function untilCaching(dir) {
  while (imagesIn(dir).length < 5) await sleep(10);
}

/** The same for a demo that makes a directory of its own in `temp`. */
export async function untilCachingIn(temp) {
  while (readdirSync(temp).length === 0) await sleep(10);
  await untilCaching(join(temp, readdirSync(temp)[0]));
}

/** The processes that one has started, on Linux. */
export function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}
