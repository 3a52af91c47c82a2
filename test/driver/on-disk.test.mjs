import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { getXattrSync, setXattrSync, XattrDriver } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { temporaryDirectory, tree } from '../support/temporary-directory.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { assertAbsent, assertInvalid, imageIds } from './conformance/assertions.mjs';

const execFileAsync = promisify(execFile);
const layout = ['incomplete', 'invalid', 'queue'];
const isOurs = (path) => path.startsWith('.xattr-cache');
const attribute = (path, key) => getXattrSync(path, key)?.toString();
const permissions = async (path) => (await stat(path)).mode & 0o7777;

test('an image – put or claimed – is one plain file with its hits in user.hits', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('put', bytesOf(1000));
  const writer = await driver.openForWrite('claimed');
  await writer.write(bytesOf(1000));
  await writer.commit();

  for (const id of ['put', 'claimed']) {
    const path = join(driver.dir, id);
    assert.deepEqual(await readFile(path), bytesOf(1000));
    assert.equal((await stat(path)).nlink, 1);
    assert.equal(attribute(path, 'hits'), '0');
    await driver.readImage(id);
    await driver.readImage(id);
    assert.equal(attribute(path, 'hits'), '2');
    for (const other of ['error', 'xattr_cache.writer', 'xattr_cache.digest'])
      assert.equal(attribute(path, other), undefined);
  }
  const paths = (await tree(driver.dir)).filter((path) => !isOurs(path));
  assert.deepEqual(paths, [...layout, 'claimed', 'put'].sort());
});

const python = '/usr/bin/python3';
const listed = { skip: existsSync(python) ? false : 'needs python3, to list attributes' };
test('an image – however it was written – has no attribute except user.hits', listed, async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('put', bytesOf(1000));
  await driver.writeImage('put twice', bytesOf(1000));
  await driver.writeImage('put twice', bytesOf(1000));
  const writer = await driver.openForWrite('claimed', { expectedSize: 10 });
  await writer.write(bytesOf(10));
  await writer.commit();
  await driver.readImage('claimed');

  for (const id of ['put', 'put twice', 'claimed']) {
    const script = 'import os, sys; print(os.listxattr(sys.argv[1]))';
    assert.equal(execFileSync(python, ['-c', script, join(driver.dir, id)], { encoding: 'utf8' }), "['user.hits']\n");
  }
});

test('an image being written – on disk – is a marked, empty token and a data file', async (t) => {
  const driver = await openDriver(t);
  const writer = await driver.openForWrite('image');
  await writer.write(bytesOf(1000));

  const names = await readdir(join(driver.dir, 'incomplete'));
  const [data, ...others] = names.filter((name) => name !== 'image');
  const token = join(driver.dir, 'incomplete', 'image');

  assert.equal(names.length, 2);
  assert.deepEqual(others, []);
  assert.match(data, /^\.d-/);
  assert.deepEqual(await readFile(join(driver.dir, 'incomplete', data)), bytesOf(1000));
  assert.equal((await stat(token)).size, 0);
  const mark = attribute(token, 'xattr_cache.writer');
  const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
  assert(mark.includes(data.slice('.d-'.length)), mark);
  assert(mark.includes(bootId.slice(0, 8)), mark);
  assert.equal(existsSync(join(driver.dir, 'image')), false);
  await writer.commit();
  assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
});

test('reserved space – image being written – does not show in its size', async (t) => {
  const driver = await openDriver(t);
  const writer = await driver.openForWrite('image', { expectedSize: 1_000_000 });
  await writer.write(bytesOf(10));
  const [data] = (await readdir(join(driver.dir, 'incomplete'))).filter((name) => name.startsWith('.d-'));

  const { size, blocks } = await stat(join(driver.dir, 'incomplete', data));

  assert.equal(size, 10);
  assert(blocks * 512 >= 1_000_000, `${blocks} blocks`);
  await writer.rollback('boom');
});

test('a queued image – on disk – is an empty file in queue/', async (t) => {
  const driver = await openDriver(t);
  await driver.queueImage('image');
  assert.equal((await stat(join(driver.dir, 'queue', 'image'))).size, 0);
  await driver.deleteQueuedImage('image');
  assert.deepEqual(await readdir(join(driver.dir, 'queue')), []);
});

test('a failed write – on disk – is a file in invalid/ with its reason', async (t) => {
  const driver = await openDriver(t);
  const writer = await driver.openForWrite('image');
  await writer.write(bytesOf(1000));
  await writer.rollback('the backend is gone');

  const path = join(driver.dir, 'invalid', 'image');
  assert.deepEqual(await readFile(path), bytesOf(1000));
  assert.equal(attribute(path, 'error'), 'the backend is gone');
  assert.equal(attribute(path, 'hits'), undefined);
  assert.equal(attribute(path, 'xattr_cache.writer'), undefined);
  assert.deepEqual(await readdir(join(driver.dir, 'incomplete')), []);
});

const texts = {
  '1-byte characters': ['x'.repeat(5000), 'x'.repeat(1024)],
  '2-byte characters': [`x${'é'.repeat(3000)}`, `x${'é'.repeat(511)}`],
  '3-byte characters': ['€'.repeat(2000), '€'.repeat(341)],
  '4-byte characters': [`xx${'\u{1f600}'.repeat(1000)}`, `xx${'\u{1f600}'.repeat(255)}`],
  'just enough': ['é'.repeat(512), 'é'.repeat(512)],
};
for (const [what, [text, expected]] of Object.entries(texts)) {
  test(`glance B20: a reason – ${what} – is cut at a character to 1,024 bytes`, async (t) => {
    const driver = await openDriver(t);
    const writer = await driver.openForWrite('image');
    await writer.rollback(text);
    assert.equal(attribute(join(driver.dir, 'invalid', 'image'), 'error'), expected);
    const image = await assertInvalid(driver, 'image');
    assert.equal(image.error, expected);
  });
}

test('glance B28: a source’s error – text too long to be stored – is thrown', async (t) => {
  const driver = await openDriver(t);
  const error = new Error('é'.repeat(100_000));
  async function* source() {
    yield bytesOf(1000);
    throw error;
  }

  await assert.rejects(driver.writeImage('image', source()), (thrown) => thrown === error);

  await assertAbsent(driver, 'image');
  await assertInvalid(driver, 'image', /^é+$/);
});

test('files and directories – any umask – follow it', async (t) => {
  const dir = join(await temporaryDirectory(t), 'cache');
  const umask = process.umask(0o027);
  defer(t, () => process.umask(umask));
  const driver = await openDriver(t, { dir });
  await driver.writeImage('put', bytesOf(1));
  await driver.writeImage('put', bytesOf(2));
  const writer = await driver.openForWrite('claimed');
  await writer.commit();
  await (await driver.openForWrite('failed')).rollback('boom');
  await driver.queueImage('queued');
  const live = await driver.openForWrite('live');
  await driver.evictTo(1000);

  for (const directory of ['', '.xattr-cache', ...layout])
    assert.equal(await permissions(join(dir, directory)), 0o750, directory);
  const names = (await readdir(join(dir, 'incomplete'))).map((name) => join('incomplete', name));
  assert.equal(names.length, 2);
  for (const file of ['put', 'claimed', 'invalid/failed', 'queue/queued', ...names]) {
    // Only a user who may write beside a token may lock it.
    const expected = file === join('incomplete', 'live') ? 0o600 : 0o640;
    assert.equal(await permissions(join(dir, file)), expected, file);
  }
  await live.rollback('boom');
});

for (const [mode, umask, lockMode] of [
  [0o700, 0o077, 0o600],
  [0o2775, 0o002, 0o660],
]) {
  test(`files for locks – mode ${mode.toString(8)} – strangers cannot lock them`, async (t) => {
    const dir = join(await temporaryDirectory(t), 'cache');
    await mkdir(dir);
    await chmod(dir, mode);
    const before = process.umask(umask);
    defer(t, () => process.umask(before));
    const driver = await openDriver(t, { dir });
    await driver.writeImage('image', bytesOf(10));
    await driver.evictTo(0);

    const names = await readdir(join(dir, '.xattr-cache'));
    assert.deepEqual(names.sort(), ['clock', 'lock']);
    for (const name of names) {
      assert.equal((await permissions(join(dir, '.xattr-cache', name))) & 0o666, lockMode, name);
    }
  });
}

test('an empty file – marked by a writer – is not an image', async (t) => {
  const driver = await openDriver(t);
  const path = join(driver.dir, 'image');
  await writeFile(path, '');
  await driver.writeImage('empty', bytesOf(0));
  setXattrSync(path, 'xattr_cache.writer', '.d-0123456789abcdef 01234567');

  assert.equal(await driver.isCached('image'), false);
  assert.equal(driver.isCachedSync('image'), false);
  assert.equal(await driver.readImage('image'), undefined);
  assert.equal(await driver.isCacheable('image'), true);
  assert.equal(await driver.getHitCount('image'), 0);
  await assert.rejects(driver.openForRead('image'), { code: 'ERR_IMAGE_NOT_FOUND' });
  assert.deepEqual(await imageIds(driver), ['empty']);

  await driver.writeImage('image', bytesOf(10));
  assert.deepEqual(await driver.readImage('image'), bytesOf(10));
});

test('a file with bytes – marked, since Glance wrote into a token – is an image', async (t) => {
  const driver = await openDriver(t);
  const path = join(driver.dir, 'image');
  await writeFile(path, bytesOf(10));
  setXattrSync(path, 'xattr_cache.writer', '.d-0123456789abcdef 01234567');
  setXattrSync(path, 'hits', '3');

  assert.equal(await driver.isCached('image'), true);
  assert.deepEqual(await driver.readImage('image'), bytesOf(10));
  assert.equal(await driver.getHitCount('image'), 4);
});

test('a driver – relative directory, working directory changed – keeps its directory', async (t) => {
  const dir = await temporaryDirectory(t);
  const cwd = process.cwd();
  defer(t, () => process.chdir(cwd));
  process.chdir(dir);
  const driver = await XattrDriver.open({ dir: 'cache' });
  defer(t, () => driver.close());
  await driver.writeImage('image', bytesOf(10));
  process.chdir('/');

  assert.deepEqual(await driver.readImage('image'), bytesOf(10));
  await driver.writeImage('another', bytesOf(10));
  const names = (await readdir(join(dir, 'cache'))).filter((name) => !isOurs(name));
  assert.deepEqual(names.sort(), [...layout, 'another', 'image'].sort());
});

test('a backup – renamed over an image in use – every reader gets one whole version', async (t) => {
  const versions = [bytesOf(4_000_000), Buffer.alloc(4_000_000, 1)];
  const backup = await openDriver(t);
  const driver = await openDriver(t);
  await backup.writeImage('image', versions[0]);
  setXattrSync(backup.getImageFilepath('image'), 'hits', '7');
  await driver.writeImage('image', versions[1]);
  const path = driver.getImageFilepath('image');
  const restore = 'cp -a "$1" "$2/.restore" && mv "$2/.restore" "$3"';

  let restored = 0;
  const restoring = (async () => {
    for (; restored < 5; restored++) {
      await execFileAsync('sh', ['-c', restore, 'sh', backup.getImageFilepath('image'), driver.dir, path]);
    }
  })();
  while (restored < 5) {
    const image = await driver.readImage('image');
    assert(versions.some((version) => version.equals(image)));
  }
  await restoring;
  assert(versions[0].equals(await driver.readImage('image')));
  assert((await driver.getHitCount('image')) > 7);
});

test('a copied directory – a writer was active – clean(0) frees its image', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('whole', bytesOf(10));
  const writer = await driver.openForWrite('half');
  await writer.write(bytesOf(10));
  const dir = join(await temporaryDirectory(t), 'copy');
  const archive = 'mkdir "$2" && tar -C "$1" -cf - . | tar -C "$2" -xf -';
  execFileSync('sh', ['-c', archive, 'sh', driver.dir, dir]);
  await writer.rollback('not of interest');

  const copy = await XattrDriver.open({ dir });
  defer(t, () => copy.close());
  await copy.clean();
  assert.equal(await copy.isBeingCached('half'), true);
  await copy.clean(0);
  assert.equal(await copy.isCacheable('half'), true);
  assert.deepEqual(await copy.readImage('whole'), bytesOf(10));
});
