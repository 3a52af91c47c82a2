// Whatever is called with whatever: a typed error or an answer, never a crash, a hang or a descriptor that stays open.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { isFull } from '../support/scale.mjs';
import { seed } from '../support/seed.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';

const abuse = fileURLToPath(new URL('./support/abuse.mjs', import.meta.url));
const runs = isFull ? 60_000 : 3_000;

test('every export – any arguments – returns or throws a typed error', async (t) => {
  const home = await temporaryDirectory(t);
  const cwd = join(home, 'a', 'b');
  await mkdir(cwd, { recursive: true });
  const last = join(home, 'last-call');

  const child = spawn(process.execPath, ['--expose-gc', abuse, last, seed, runs], { cwd, timeout: 590_000 });
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code, signal] = await closed;

  t.diagnostic(`seed ${seed}: ${stdout}`);
  assert.equal(code, 0, `${signal ?? code} after ${await readFile(last, 'utf8').catch(() => '')}\n${stderr}`);
  const { returned, threw, late, before, after } = JSON.parse(stdout);
  assert.equal(after, before, stderr);
  assert.equal(late, 0, 'a released object of the engine was used');
  assert(returned > runs / 10 && threw > runs / 10, 'hardly anything was answered or refused');
});
