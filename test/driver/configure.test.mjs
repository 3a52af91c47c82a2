import assert from 'node:assert/strict';
import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { BadDriverConfiguration, CacheError, XattrDriver } from '../../dist/index.js';
import { native } from '../../dist/native/native.js';
import { attach, needsStrace } from '../faults/support/strace.mjs';
import { bytesOf, readWhole } from '../support/contents.mjs';
import { driverProcess } from '../support/driver-process.mjs';
import { mountFresh, mountReadOnly, needsMount } from '../support/mounts.mjs';
import { needsOtherUsers, stranger } from '../support/other-users.mjs';
import { runScript } from '../support/run-script.mjs';
import { temporaryDirectory, tree } from '../support/temporary-directory.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { imageIds } from './conformance/assertions.mjs';

const layout = ['incomplete', 'invalid', 'queue'];

test('configure() – relative directory, working directory removed – refuses it', async (t) => {
  const dir = await temporaryDirectory(t);
  const script = `
    const { mkdirSync, rmdirSync } = await import('node:fs');
    mkdirSync(args[0]);
    process.chdir(args[0]);
    rmdirSync(args[0]);
    const driver = new xattrCache.XattrDriver({ dir: 'cache' });
    await driver.configure().catch(({ code }) => console.log(code));`;
  assert.equal(await runScript(script, [join(dir, 'gone')]), 'ERR_BAD_DRIVER_CONFIGURATION\n');
});

/** Returns the tree of a cache without `.xattr-cache`, which is created when it is needed. */
async function treeButOurs(dir) {
  return (await tree(dir)).filter((path) => !/^\.xattr-cache(\/(lock|clock))?$/.test(path));
}

/** Asserts that `dir` cannot be configured, as documented, and resolves to the error. */
async function cannotBeConfigured(dir) {
  const driver = new XattrDriver({ dir });
  let error;
  await assert.rejects(driver.configure(), (thrown) => {
    error = thrown;
    return true;
  });
  assert(error instanceof BadDriverConfiguration, error.stack);
  assert.equal(error.code, 'ERR_BAD_DRIVER_CONFIGURATION');
  assert.match(error.driverName, /xattr/i);
  assert(error.reason.length > 0);
  await assert.rejects(driver.getCacheSize(), { code: 'ERR_NOT_OPEN' });
  await assert.rejects(XattrDriver.open({ dir }), BadDriverConfiguration);
  return error;
}

test('configure() – new directory – creates the layout, leaves nothing else', async (t) => {
  const dir = join(await temporaryDirectory(t), 'missing', 'too');

  await openDriver(t, { dir });
  assert.deepEqual(await treeButOurs(dir), layout);
  for (const path of layout) assert((await stat(join(dir, path))).isDirectory());

  await openDriver(t, { dir });
  assert.deepEqual(await treeButOurs(dir), layout);
});

test('configure() – existing content – leaves it unchanged', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', bytesOf(10));
  await driver.readImage('image');
  await driver.queueImage('queued');
  await (await driver.openForWrite('failed')).rollback('boom');
  const writer = await driver.openForWrite('live');
  const before = [await tree(driver.dir), await driver.getCachedImages(), await driver.getInvalidImages()];

  await driver.configure();
  const another = await openDriver(t, { dir: driver.dir });

  assert.deepEqual([await tree(driver.dir), await another.getCachedImages(), await another.getInvalidImages()], before);
  await writer.commit();
  assert.deepEqual(await imageIds(another), ['image', 'live']);
});

test('configure() – many drivers, one directory, concurrently – succeeds for all', async (t) => {
  const dir = join(await temporaryDirectory(t), 'cache');
  const drivers = await Promise.all(Array.from({ length: 10 }, () => openDriver(t, { dir })));
  assert.deepEqual(await treeButOurs(dir), layout);
  await drivers[0].writeImage('image', bytesOf(10));
  for (const driver of drivers) assert.equal(await driver.isCached('image'), true);
});

test('configure() – directory of Glance – uses it as it is', async (t) => {
  const dir = await temporaryDirectory(t);
  for (const name of ['incomplete', 'invalid', 'queue']) await mkdir(join(dir, name));
  await writeFile(join(dir, 'image'), bytesOf(10));
  await writeFile(join(dir, 'queue', 'queued'), '');

  const driver = await openDriver(t, { dir });

  assert.deepEqual(await imageIds(driver), ['image']);
  assert.deepEqual(await driver.getQueuedImages(), ['queued']);
});

test('an empty directory name – configured – is refused, not by the constructor', async () => {
  await cannotBeConfigured('');
});

test('a directory name – contains a NUL – is refused', async () => {
  const codes = ['ERR_BAD_DRIVER_CONFIGURATION', 'ERR_INVALID_ARG_VALUE'];
  await assert.rejects(
    async () => XattrDriver.open({ dir: '/tmp/a\0b' }),
    (error) => codes.includes(error.code),
  );
});

test('a directory – is a file, or below one – is refused', async (t) => {
  const dir = await temporaryDirectory(t);
  await writeFile(join(dir, 'file'), 'bytes');
  await symlink('/does/not/exist', join(dir, 'dangling'));

  await cannotBeConfigured(join(dir, 'file'));
  await cannotBeConfigured(join(dir, 'file', 'below'));
  await cannotBeConfigured(join(dir, 'dangling'));

  assert.deepEqual(await tree(dir), ['dangling', 'file']);
});

test('a directory – cannot be created – is refused', async () => {
  // This runs in its own process: Node's recursive mkdir() never returns in /proc, and blocks a thread.
  const script = `
    await xattrCache.XattrDriver.open({ dir: '/proc/xattr-cache/cannot/be' }).catch((error) => {
      console.log(error.name, error.code, error.cause instanceof Error);
    });
    process.exit();`;
  const output = await runScript(script, [], { timeoutMs: 5000 });
  assert.equal(output, 'BadDriverConfiguration ERR_BAD_DRIVER_CONFIGURATION true\n');
});

for (const name of ['incomplete', 'invalid', 'queue']) {
  test(`a directory – ${name}/ in it is a file – is refused`, async (t) => {
    const dir = await temporaryDirectory(t);
    await writeFile(join(dir, name), 'bytes');
    await cannotBeConfigured(dir);
    assert.equal((await stat(join(dir, name))).size, 5);
  });
}

const otherUsers = { skip: needsOtherUsers };

test('a directory – not readable – is refused', otherUsers, async (t) => {
  const dir = await temporaryDirectory(t, { mode: 0o700 });
  await openDriver(t, { dir });
  const refusal = { name: 'BadDriverConfiguration', code: 'ERR_BAD_DRIVER_CONFIGURATION' };

  await assert.rejects(driverProcess(t, { dir }, stranger), refusal);
  await chmod(dir, 0o711);
  await assert.rejects(driverProcess(t, { dir }, stranger), refusal);
});

test('configure() – slow file system – looks at the directory off the event loop', {
  skip: needsStrace,
}, async (t) => {
  const dir = await temporaryDirectory(t);
  const { call, pid } = await driverProcess(t, { dir });
  for (const allThreads of [true, false]) {
    const { detach } = await attach(pid, { calls: ['mkdir', 'openat', 'statx'], allThreads });
    await call('configureDriver', { dir });
    const lines = (await detach()).filter((line) => line.includes(dir));
    assert.equal(lines.length > 0, allThreads, lines.join('\n'));
  }
});

for (const question of ['mountIdAsync', 'mayWriteImagesAsync']) {
  test(`a directory – disk error in ${question} – is refused`, async (t) => {
    const dir = await temporaryDirectory(t);
    const cause = Object.assign(new Error('EIO: i/o error'), {
      code: 'EIO',
      errno: -constants.errno.EIO,
      syscall: 'statx',
    });
    t.mock.method(native, question, () => Promise.reject(cause));

    const error = await cannotBeConfigured(dir);
    assert.equal(error.cause, cause);
  });
}

test('a directory – incomplete layout, not writable – is refused', otherUsers, async (t) => {
  const dir = await temporaryDirectory(t, { mode: 0o755 });
  await mkdir(join(dir, 'incomplete'));
  await mkdir(join(dir, 'invalid'));
  const refusal = { name: 'BadDriverConfiguration', code: 'ERR_BAD_DRIVER_CONFIGURATION' };

  await assert.rejects(driverProcess(t, { dir }, stranger), refusal);
  await assert.rejects(driverProcess(t, { dir: join(dir, 'cache') }, stranger), refusal);

  assert.deepEqual(await tree(dir), ['incomplete', 'invalid']);
});

test('a file system – no user attributes – is refused, the advice is user_xattr', {
  skip: needsMount,
}, async (t) => {
  const dir = await mountFresh(t, 'ramfs');

  const error = await cannotBeConfigured(dir);

  assert.match(error.message, /user_xattr/);
  assert.equal(Math.abs(error.cause.errno), constants.errno.EOPNOTSUPP);
  for (const path of await treeButOurs(dir)) assert(layout.includes(path), `glance B22: ${path} was left behind`);
});

test('a complete layout – mounted read-only – can be read', { skip: needsMount }, async (t) => {
  const writable = await openDriver(t);
  await writable.writeImage('image', bytesOf(1000));
  await writable.readImage('image');
  await writable.queueImage('queued');
  const warnings = [];
  const log = (entry) => warnings.push(entry);
  const logger = { debug() {}, info() {}, warn: log, error: log };

  const driver = await openDriver(t, { dir: await mountReadOnly(t, writable.dir), logger });

  assert.equal(driver.capabilities.countsHits, false);
  assert.deepEqual(await driver.readImage('image'), bytesOf(1000));
  assert.deepEqual(driver.readImageSync('image'), bytesOf(1000));
  const reader = await driver.openForRead('image');
  assert.deepEqual(await readWhole(reader), bytesOf(1000));
  assert.deepEqual(await reader.close(), { counted: false });
  assert.equal(warnings.length, 1, 'the warning about uncounted hits is logged once');
  assert.equal(await driver.getHitCount('image'), 1);
  assert.deepEqual(await driver.getCachedImages(), await writable.getCachedImages());
  assert.deepEqual(await driver.getQueuedImages(), ['queued']);
  assert.equal(await driver.isBeingCached('image'), false);
  assert.equal((await driver.evictTo(0, { dryRun: true })).filesEvicted, 1);
});

test('writing calls – read-only mount – fail with the system’s error', { skip: needsMount }, async (t) => {
  const writable = await openDriver(t);
  await writable.writeImage('image', bytesOf(10));
  const driver = await openDriver(t, { dir: await mountReadOnly(t, writable.dir) });
  const actions = [
    () => driver.writeImage('other', bytesOf(10)),
    () => driver.openForWrite('other'),
    () => driver.queueImage('other'),
    () => driver.deleteCachedImage('image'),
    () => driver.evictTo(0),
  ];

  for (const action of actions) {
    await assert.rejects(
      action(),
      (error) => {
        assert(CacheError.is(error), error.stack);
        assert.equal(error.code, 'ERR_IO');
        assert.equal(Math.abs(error.errno), constants.errno.EROFS);
        return true;
      },
      `${action}`,
    );
  }

  assert.deepEqual(await driver.readImage('image'), bytesOf(10));
});

test('an incomplete layout – read-only file system – is refused', { skip: needsMount }, async (t) => {
  const dir = await temporaryDirectory(t);
  await mkdir(join(dir, 'incomplete'));
  await cannotBeConfigured(await mountReadOnly(t, dir));
});
