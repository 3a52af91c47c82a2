// Descriptors: children get none of them, and having none left is an error like others.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { defer } from '../support/defer.mjs';
import { versionBytes, versionIn } from '../support/versions.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

const parent = fileURLToPath(new URL('./support/parent.mjs', import.meta.url));
const starving = fileURLToPath(new URL('./support/starving.mjs', import.meta.url));

/** A process that writes one image, reads another, and has a child that outlives it. */
async function besideAParent(t, handsOver = 'nothing') {
  const driver = await openDriver(t);
  await driver.writeImage('read', versionBytes('read', 1));
  const process = spawn(globalThis.process.execPath, [parent, driver.dir, handsOver], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(process, 'exit');
  defer(t, () => process.kill('SIGKILL'));
  const [line] = await once(process.stdout, 'data');
  const child = Number(line);
  defer(t, () => globalThis.process.kill(child, 'SIGKILL'));
  return { driver, process, exited, child };
}

/** Returns the files that a process has open below a directory. */
function openBelow(dir, pid) {
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  return targets.filter((target) => target.startsWith(dir));
}

test('a child process – parent dies – has no descriptor and holds no lock', async (t) => {
  const { driver, process, exited, child } = await besideAParent(t);
  assert.equal(await driver.isBeingCached('written'), true);
  assert.deepEqual(openBelow(driver.dir, child), []);
  assert.notDeepEqual(openBelow(driver.dir, process.pid), []);

  process.kill('SIGKILL');
  await exited;

  assert.deepEqual(openBelow(driver.dir, child), [], 'the child lives, and has nothing');
  assert.equal(await driver.isBeingCached('written'), false);
  const writer = await driver.openForWrite('written');
  await writer.write(versionBytes('written', 2));
  await writer.commit();
  assert.equal(versionIn('written', await driver.readImage('written')), '2');
  assert.equal(versionIn('read', await driver.readImage('read')), '1');
  assert.equal((await driver.evictTo(0)).filesEvicted, 2);
});

test('a descriptor – passed to a child (the control) – is noticed', async (t) => {
  const { driver, child } = await besideAParent(t, 'the reader');
  assert.deepEqual(openBelow(driver.dir, child), [join(driver.dir, 'read')]);
});

test('every operation – no descriptor left – throws typed, leaks nothing, recovers', async (t) => {
  const driver = await openDriver(t);
  const command = `ulimit -n 64; exec "$0" "$@"`;
  const process = spawn('sh', ['-c', command, globalThis.process.execPath, starving, driver.dir], { timeout: 60_000 });
  const closed = once(process, 'close');
  const [stdout, stderr] = await Promise.all([text(process.stdout), text(process.stderr)]);
  const [code] = await closed;

  assert.equal(code, 0, stderr);
  const { points, failed, leaked, wrong } = JSON.parse(stdout);
  t.diagnostic(`${points} operations with 0 and more descriptors left, ${failed} failed`);
  assert.deepEqual(wrong, []);
  assert.equal(leaked, 0);
  assert(failed > points / 10, 'hardly anything failed: the test shows nothing');
  assert.equal(versionIn('image', await driver.readImage('image')), 'again');
});

test('calls – more than descriptors – wait for each other, and none fails', async (t) => {
  const driver = await openDriver(t);
  const command = `ulimit -n 64; exec "$0" "$@"`;
  const script = fileURLToPath(new URL('./support/crowding.mjs', import.meta.url));
  const process = spawn('sh', ['-c', command, globalThis.process.execPath, script, driver.dir], { timeout: 60_000 });
  const closed = once(process, 'close');
  const [stdout, stderr] = await Promise.all([text(process.stdout), text(process.stderr)]);
  const [code] = await closed;

  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), { put: 150, read: 150, stream: 150, fetched: 150, teed: 150 });
});
