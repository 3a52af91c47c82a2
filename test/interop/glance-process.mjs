import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { defer } from '../support/defer.mjs';

// Debian's own interpreter has the modules of Debian's packages; another one that comes first in the path has not.
const python = '/usr/bin/python3';
const glanceDriver =
  process.env.GLANCE_DRIVER ?? fileURLToPath(new URL('../../../shared/tools/glance/glance_driver.py', import.meta.url));
const fixture = (name) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

/** The `skip` of a test that works with the real Glance: false, or the reason. */
export const needsGlance = glanceRefusal();

/**
 * The real Glance driver on `dir`, in a process of its own: `ask('put', 'image', '/file')` runs one of glance_driver.py's
 * commands there and resolves to its answer.
 */
export function glanceOn(t, dir, { maxSize, stallTimeSeconds } = {}) {
  const options = ['--dir', dir];
  if (maxSize !== undefined) options.push('--max-size', maxSize);
  if (stallTimeSeconds !== undefined) options.push('--stall-time', stallTimeSeconds);
  return pythonProcess(t, [glanceDriver, ...options, 'batch']);
}

/** The same, but a command that fails is answered with `{ error: 'Type: message' }`: for races that Glance loses. */
export function failingGlanceOn(t, dir, { maxSize = 0 } = {}) {
  return pythonProcess(t, [fixture('glance_batch.py'), glanceDriver, dir, maxSize]);
}

/** One of several processes of Glance under load, see glance_load.py: `ask('go')` resolves to its account of it. */
export function glanceLoadOn(t, dir, job) {
  return pythonProcess(t, [fixture('glance_load.py'), glanceDriver, dir, JSON.stringify(job)]);
}

/** A client's download of `file` through Glance into `dir`: `ask('next')`, `ask('rest')`, `ask('drop')`, or `kill()`. */
export function glanceDownloadInto(t, dir, imageId, file) {
  return pythonProcess(t, [fixture('glance_download.py'), glanceDriver, dir, imageId, file]);
}

/** A process that answers each line with one JSON object in a line. */
function pythonProcess(t, args) {
  const child = spawn(python, ['-B', ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift().resolve(JSON.parse(line)));
  child.stdin.on('error', () => {}); // it has gone, as its exit says
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`Glance ended with ${signal ?? code}`));
  });

  const ask = (...words) =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      child.stdin.write(`${words.map(shellWord).join(' ')}\n`);
    });
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  defer(t, kill);
  return { ask, kill };
}

function shellWord(word) {
  return /^\w+$/.test(word) ? word : `'${String(word).replaceAll("'", `'\\''`)}'`;
}

function glanceRefusal() {
  if (!existsSync(glanceDriver)) return `${glanceDriver} is not there (GLANCE_DRIVER names it)`;
  try {
    execFileSync(python, ['-c', 'import glance.image_cache, xattr'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'python3-glance and python3-xattr are not installed';
  }
}
