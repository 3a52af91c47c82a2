// A system call that would wait for a disk is never made on the event loop.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { XattrDriver } from '../../dist/index.js';
import { attach, needsStrace } from '../faults/support/strace.mjs';
import { driverProcess } from '../support/driver-process.mjs';
import { mountUntilOver, needsFileSystem } from '../support/file-systems.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { kinds } from './kinds.mjs';

const names = Array.from({ length: 8 }, (_, number) => `image-${number}`);
const size = 300_000;

// They may wait; openat2 with RESOLVE_CACHED and preadv2 with RWF_NOWAIT do not.
const waiting = /^(?:openat\(.*"image-|(?:pread64|read|readv|preadv)\(\d+<[^>]*\/image-)/;
const wouldWait = /^(?:openat2\(.*"image-|preadv2\(\d+<[^>]*\/image-).* = -1 EAGAIN/;
const calls = ['fsetxattr', 'openat', 'openat2', 'pread64', 'preadv', 'preadv2', 'read', 'readv'];

for (const name of ['ext4, relatime', 'xfs', 'btrfs']) {
  const kind = kinds[name];
  test(`a cold read – image not in memory, ${kind.type} – is off the event loop`, {
    skip: needsFileSystem(kind) || needsStrace,
  }, async (t) => {
    const mounted = await mountUntilOver(t, kind);
    const dir = await temporaryDirectory(t, { under: mounted.dir });
    await fill(dir);

    mounted.cool();
    const cold = await linesOfEventLoop(t, dir, 'readImage');
    assert(cold.filter((line) => wouldWait.test(line)).length >= names.length, `cold:\n${cold.join('\n')}`);
    assert.deepEqual(
      cold.filter((line) => waiting.test(line)),
      [],
    );

    const warm = await linesOfEventLoop(t, dir, 'readImage');
    assert.deepEqual(
      warm.filter((line) => waiting.test(line) || wouldWait.test(line)),
      [],
    );

    mounted.cool();
    const sync = await linesOfEventLoop(t, dir, 'readImageSync');
    assert(sync.filter((line) => waiting.test(line)).length >= 2 * names.length, 'a call that stops the loop is seen');
  });
}

test('a remote file system – default options – is used off the event loop', {
  skip: needsFileSystem(kinds.FUSE) || needsStrace,
}, async (t) => {
  const mounted = await mountUntilOver(t, kinds.FUSE);
  const dir = await temporaryDirectory(t, { under: mounted.dir });
  await fill(dir);
  const ofImages = (lines) => lines.filter((line) => line.includes('image-'));
  assert.deepEqual(ofImages(await linesOfEventLoop(t, dir, 'readImage')), []);
  // Only a hit that soon follows another is written there, so concurrent ones might all go to the pool.
  const inline = await linesOfEventLoop(t, dir, 'readImage', { inline: true, concurrent: false });
  assert.notDeepEqual(ofImages(inline), []);
});

async function fill(dir) {
  const driver = await XattrDriver.open({ dir });
  for (const [number, name] of names.entries()) await driver.writeImage(name, Buffer.alloc(size, number));
  await driver.close();
}

/** Returns the calls of another process's main thread while it reads all images: concurrently, or one after another. */
async function linesOfEventLoop(t, dir, method, { concurrent = true, ...options } = {}) {
  const { call, pid, kill } = await driverProcess(t, { dir, ...options });
  const { detach } = await attach(pid, { calls });
  const images = concurrent ? await Promise.all(names.map((name) => call(method, name))) : [];
  if (!concurrent) for (const name of names) images.push(await call(method, name));
  const lines = await detach();
  for (const [number, bytes] of images.entries()) assert(bytes.equals(Buffer.alloc(size, number)));
  await kill();
  return lines;
}
