import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import * as xattrCache from '../../dist/index.js';
import { openCache } from '../manager/support/caches.mjs';
import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { lockInProcess } from '../support/lock-in-process.mjs';
import { mountFresh, needsMount, needsRoot } from '../support/mounts.mjs';
import { packageCopy } from '../support/package-copy.mjs';
import { runScript } from '../support/run-script.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

const { CacheError, XattrDriver } = xattrCache;
const exported = { ...xattrCache };

/**
 * Asserts that `action` fails with the class named `name` and everything documented of it: its code, its image, and its
 * caller on the stack.
 */
async function failsWith(name, { code, imageId }, action) {
  async function theCaller() {
    await action();
  }
  let error;
  await assert.rejects(theCaller, (thrown) => {
    error = thrown;
    return true;
  });
  const Class = exported[name];
  assert(error instanceof Class, error.stack);
  assert(error instanceof CacheError);
  assert(error instanceof Error);
  assert.equal(CacheError.is(error), true);
  assert.equal(error.constructor, Class);
  assert.equal(error.name, name);
  assert.equal(error.code, code);
  assert.equal(error.imageId, imageId);
  assert(error.message.length > 0);
  assert.match(error.stack, /theCaller/);
  assert.match(error.stack, new RegExp(`^${name}`));
  assert(String(error).startsWith(name));
  return error;
}

/** Asserts that `error` comes from a system call that failed with `errno`. */
function assertSystemError(error, errno) {
  assert.equal(Math.abs(error.errno), constants.errno[errno]);
  assert.match(error.syscall, /^[a-z_0-9]+$/);
  assert(error.cause instanceof Error);
  assert.equal(Math.abs(error.cause.errno), constants.errno[errno]);
  assert.equal(error.cause.syscall, error.syscall);
}

test('BadDriverConfiguration – directory is a device – has driver name and reason', async () => {
  const driver = new XattrDriver({ dir: '/dev/null' });
  const code = 'ERR_BAD_DRIVER_CONFIGURATION';
  const error = await failsWith('BadDriverConfiguration', { code }, () => driver.configure());
  assert.equal(typeof error.driverName, 'string');
  assert.equal(typeof error.reason, 'string');
  assert(error.message.includes(error.reason));
});

test('InvalidImageIdError – id with a slash – has its code and id', async (t) => {
  const driver = await openDriver(t);
  const expected = { code: 'ERR_INVALID_IMAGE_ID', imageId: 'a/b' };
  await failsWith('InvalidImageIdError', expected, () => driver.isCached('a/b'));
  await failsWith('InvalidImageIdError', expected, () => driver.isCachedSync('a/b'));
  await failsWith('InvalidImageIdError', expected, () => driver.writeImage('a/b', bytesOf(1)));
});

test('ImageNotFoundError – opening an image not cached – has its code and id', async (t) => {
  const driver = await openDriver(t);
  const expected = { code: 'ERR_IMAGE_NOT_FOUND', imageId: 'image' };
  await failsWith('ImageNotFoundError', expected, () => driver.openForRead('image'));
  await failsWith('ImageNotFoundError', expected, () => driver.openForReadSync('image'));
});

test('ImageBusyError – second writer of an image – has its code and id', async (t) => {
  const driver = await openDriver(t);
  const writer = await driver.openForWrite('image');
  const expected = { code: 'ERR_IMAGE_BUSY', imageId: 'image' };
  await failsWith('ImageBusyError', expected, () => driver.openForWrite('image'));
  await failsWith('ImageBusyError', expected, () => driver.openForWriteSync('image'));
  await failsWith('ImageBusyError', expected, () => driver.writeImage('image', (async function* () {})()));
  await writer.commit();
});

test('ClaimLostError – image deleted before the commit – has its code and id', async (t) => {
  const driver = await openDriver(t);
  const expected = { code: 'ERR_CLAIM_LOST', imageId: 'image' };
  for (const commit of ['commit', 'commitSync']) {
    const writer = await driver.openForWrite('image');
    await driver.deleteCachedImage('image');
    await failsWith('ClaimLostError', expected, () => writer[commit]());
    await writer[Symbol.asyncDispose]();
  }
});

test('ClaimLostError – each way to lose a claim – says which it was', async (t) => {
  const driver = await openDriver(t);
  const incomplete = join(driver.dir, 'incomplete');
  const removeFiles = () => {
    for (const name of readdirSync(incomplete)) rmSync(join(incomplete, name));
  };
  const ways = [
    [/^image "image" was deleted while it was being written$/, () => driver.deleteCachedImage('image')],
    [
      /^image "image" was removed from incomplete\/ while .* counted as stalled, or incomplete\/ was emptied$/,
      removeFiles,
    ],
    [
      /^image "image" was claimed by another writer while .* counted as dead$/,
      async () => {
        removeFiles();
        return driver.openForWrite('image');
      },
    ],
  ];
  for (const commit of ['commit', 'commitSync']) {
    for (const [message, lose] of ways) {
      const writer = await driver.openForWrite('image');
      const other = await lose();
      const error = await failsWith('ClaimLostError', { code: 'ERR_CLAIM_LOST', imageId: 'image' }, () =>
        writer[commit](),
      );
      assert.match(error.message, message);
      await other?.commit();
    }
  }
});

test('SizeMismatchError – commit too short – has expected and actual size', async (t) => {
  const driver = await openDriver(t);
  const expected = { code: 'ERR_SIZE_MISMATCH', imageId: 'image' };
  for (const commit of ['commit', 'commitSync']) {
    const writer = await driver.openForWrite('image', { expectedSize: 10 });
    await writer.write(bytesOf(9));
    const error = await failsWith('SizeMismatchError', expected, () => writer[commit]());
    assert.deepEqual([error.expected, error.actual], [10, 9]);
    await writer[Symbol.asyncDispose]();
  }
});

test('NoSpaceError – full file system – has the system’s error', { skip: needsMount }, async (t) => {
  const driver = await openDriver(t, { dir: await mountFresh(t, 'tmpfs', 'size=1m') });
  const expected = { code: 'ERR_NO_SPACE', imageId: 'image' };
  for (const source of [
    bytesOf(2_000_000),
    [bytesOf(2_000_000)],
    (async function* () {
      yield bytesOf(2_000_000);
    })(),
  ]) {
    const error = await failsWith('NoSpaceError', expected, () => driver.writeImage('image', source));
    assertSystemError(error, 'ENOSPC');
    await driver.clean(0);
  }
  const options = { expectedSize: 2_000_000 };
  const error = await failsWith('NoSpaceError', expected, () => driver.openForWrite('image', options));
  assertSystemError(error, 'ENOSPC');
  await failsWith('NoSpaceError', expected, () => driver.writeImageSync('image', bytesOf(2_000_000)));
});

test('LockTimeoutError – file locked elsewhere – has its path', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', bytesOf(1));
  const path = driver.getImageFilepath('image');
  await lockInProcess(t, path);
  const options = { lockTimeoutMs: 50 };
  for (const inc of ['incXattr', 'incXattrSync']) {
    const expected = { code: 'ERR_LOCK_TIMEOUT' };
    const error = await failsWith('LockTimeoutError', expected, () => exported[inc](path, 'hits', 1, options));
    assert.equal(error.path, path);
  }
});

test('NotOpenError – driver closed – has its code', async (t) => {
  const driver = await openDriver(t);
  await driver.close();
  await failsWith('NotOpenError', { code: 'ERR_NOT_OPEN' }, () => driver.getCacheSize());
  await failsWith('NotOpenError', { code: 'ERR_NOT_OPEN' }, () => driver.isCached('image'));
  await failsWith('NotOpenError', { code: 'ERR_NOT_OPEN' }, () => driver.isCachedSync('image'));
});

test('CacheError – other failed system call – has the system’s error', async (t) => {
  const driver = await openDriver(t);
  await mkdir(join(driver.dir, 'image', 'inside'), { recursive: true });
  const expected = { code: 'ERR_IO', imageId: 'image' };
  for (const write of ['writeImage', 'writeImageSync']) {
    const error = await failsWith('CacheError', expected, () => driver[write]('image', bytesOf(1)));
    assertSystemError(error, 'EISDIR');
  }
});

test('NativeLoadError – package without addon – has its code and a message', async (t) => {
  const index = await packageCopy(t, { addon: false });
  const script = `
    try {
      const { XattrDriver } = await import(args[0]);
      await XattrDriver.open({ dir: args[1] });
    } catch (error) {
      const { name, code, message } = error;
      console.log(JSON.stringify({ name, code, message }));
    }`;
  const { name, code, message } = JSON.parse(await runScript(script, [index, '/tmp']));
  assert.deepEqual({ name, code }, { name: 'NativeLoadError', code: 'ERR_NATIVE_LOAD' });
  assert(message.length > 0);
});

test('error classes – all that are exported – derive from CacheError', () => {
  const names = Object.keys(xattrCache).filter((name) => /Error$|^BadDriverConfiguration$/.test(name));
  assert.deepEqual(names.sort(), [
    'BadDriverConfiguration',
    'CacheError',
    'ChecksumMismatchError',
    'ClaimLostError',
    'FetchCycleError',
    'FetchFailedError',
    'ImageBusyError',
    'ImageNotFoundError',
    'InvalidImageIdError',
    'LockTimeoutError',
    'NativeLoadError',
    'NoSpaceError',
    'NotOpenError',
    'SizeMismatchError',
  ]);
  for (const name of names) {
    const Class = exported[name];
    assert(Class === CacheError || Class.prototype instanceof CacheError, name);
    assert(Class.prototype instanceof Error);
  }
});

test('CacheError.is() – error of another copy of the package – is true', async (t) => {
  const driver = await openDriver(t);
  const other = await import(await packageCopy(t, { addon: true }));
  assert.notEqual(other.CacheError, CacheError);
  const otherDriver = await other.XattrDriver.open({ dir: driver.dir });

  const error = await otherDriver.openForRead('image').catch((thrown) => thrown);
  await otherDriver.close();

  assert.equal(error.code, 'ERR_IMAGE_NOT_FOUND');
  assert.equal(error instanceof CacheError, false);
  assert.equal(CacheError.is(error), true);
});

test('CacheError.is() – any other value – is false', () => {
  const almost = Object.assign(new Error('almost'), { code: 'ERR_IO', errno: -5 });
  for (const value of [
    undefined,
    null,
    0,
    '',
    'CacheError',
    Symbol('error'),
    {},
    [],
    () => {},
    new Error('plain'),
    almost,
  ]) {
    assert.equal(CacheError.is(value), false);
  }
  assert.equal(CacheError.is(Object.create(null)), false);
});

test('clean, prune, deleteAllCachedImages – one file fails – name the file', { skip: needsRoot }, async (t) => {
  const driver = await openDriver(t);
  const cache = await openCache(t, { driver });
  await driver.writeImage('a', Buffer.alloc(10));
  await writeFile(join(driver.dir, 'invalid', 'b'), '');
  const files = ['a', 'invalid/b'].map((name) => join(driver.dir, name));
  try {
    execFileSync('chattr', ['+i', ...files], { stdio: 'ignore' });
  } catch {
    return t.skip('needs a file system with chattr +i');
  }
  defer(t, () => execFileSync('chattr', ['-i', ...files]));

  const [image, failed] = files;
  const calls = [
    [() => cache.clean(), failed],
    [() => cache.prune({ maxSize: 0 }), image],
    [() => driver.deleteAllCachedImages(), image],
  ];
  for (const [call, path] of calls) {
    await assert.rejects(call, (error) => {
      assert.deepEqual([error.code, error.path], ['ERR_IO', path]);
      assert(error.message.endsWith(`'${path}'`), error.message);
      return true;
    });
  }
});
