// sync, recover, the state of checkpoints in stats, and the checkpoint at the end of commands that add images.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';

import { XattrDriver } from '../../dist/index.js';
import { lostPower, setVoucher, voucherOf } from '../durability/support.mjs';
import { needsStrace } from '../faults/support/strace.mjs';
import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { mountForSuite, mountUntilOver, needsFileSystem } from '../support/file-systems.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { cli, jsonOf, main, startCli, until } from './support.mjs';

const ext4 = { type: 'ext4' };

suite('commands – ext4 with a journal – make checkpoints', { skip: needsFileSystem(ext4) }, () => {
  const mounted = mountForSuite(ext4);

  /** A cache without an image that is doubtful. */
  async function newCache(t) {
    const dir = join(await temporaryDirectory(t, { under: mounted.dir }), 'cache');
    await (await XattrDriver.open({ dir })).close();
    return dir;
  }

  async function write(dir, images) {
    const driver = await XattrDriver.open({ dir, durability: 'none' });
    for (const [imageId, bytes] of Object.entries(images)) await driver.writeImage(imageId, bytes);
    await driver.close();
  }

  const doubtful = async (dir) => (await XattrDriver.recover({ dir }, { dryRun: true, force: true })).dropped;

  test('put – a new cache, or an old one – ends with a checkpoint', async (t) => {
    const dir = join(await temporaryDirectory(t, { under: mounted.dir }), 'cache');
    for (const input of ['first', 'second']) {
      assert.equal((await cli(['put', 'a', '-'], { dir, input })).code, 0);
      assert.deepEqual(await doubtful(dir), []);
    }
  });

  test('put – durability none – leaves the image doubtful', async (t) => {
    const dir = await newCache(t);
    assert.equal((await cli(['put', 'a', '-', '--durability', 'none'], { dir, input: 'x' })).code, 0);
    assert.deepEqual(await doubtful(dir), ['a']);
  });

  test('put – unknown durability – is wrong usage', async (t) => {
    const { code, stderr } = await cli(['put', 'a', '-', '--durability', 'fsync'], { dir: await newCache(t) });
    assert.equal(code, 2);
    assert.match(stderr, /none, checkpoint, sync/);
  });

  test('put – writes to the disk fail – fails, and the image is not cached', { skip: needsStrace }, async (t) => {
    const dir = await newCache(t);
    const args = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=syncfs', '-e', 'inject=syncfs:error=EIO'];
    const env = { ...process.env, XATTR_CACHE_DIR: dir };
    const put = (...options) => {
      const command = [...args, process.execPath, main, 'put', 'a', main, '--json', ...options];
      return promisify(execFile)('strace', command, { env }).catch((error) => error);
    };
    assert.equal((await put('--durability', 'none')).code, undefined); // It asks the disk for nothing.
    const { code, stdout } = await put();
    assert.equal(code, 1);
    const { error, ...rest } = JSON.parse(stdout);
    assert.deepEqual([error.code, rest], ['ERR_CLI_CHECKPOINT', {}]);
    assert.match(error.message, /^the images are not on disk: .*EIO/);
    assert.equal((await cli(['get', 'a'], { dir })).code, 1);
    assert.match((await cli(['put', 'a', main], { dir })).stdout, /^cached a/);
  });

  test('prefetch – interrupted after an image – vouches for that one', async (t) => {
    const dir = await newCache(t);
    const server = createServer((request, response) => {
      if (request.url === '/a') response.end('the bytes of a');
    }).listen(0);
    defer(t, () => server.close());
    defer(t, () => server.closeAllConnections());
    assert.equal((await cli(['queue', 'a', 'b'], { dir })).code, 0);
    const from = `http://localhost:${server.address().port}/{id}`;
    const { child, ended } = startCli(['prefetch', '--from', from], { dir });
    const reader = await XattrDriver.open({ dir, durability: 'none' });
    await until(() => reader.isCached('a'), 'image a');
    child.kill('SIGINT');
    assert.equal((await ended).code, 130);
    assert.deepEqual(await doubtful(dir), []);
    await reader.close();
  });

  test('prefetch – done – ends with a checkpoint', async (t) => {
    const dir = await newCache(t);
    await cli(['queue', 'main.js'], { dir });
    assert.equal((await cli(['prefetch', '--from', join(main, '..')], { dir })).stdout, 'cached main.js\n');
    assert.deepEqual(await doubtful(dir), []);
  });

  test('sync – images of a process without checkpoints – vouches for them', async (t) => {
    const dir = await newCache(t);
    await write(dir, { a: bytesOf(10) });
    const { stdout, code } = await cli(['sync'], { dir });
    assert.deepEqual([stdout, code], ['all images are on disk\n', 0]);
    assert.deepEqual(await doubtful(dir), []);
    assert.deepEqual((await jsonOf(['sync'], { dir })).value, { checkpoint: true, problem: null });
  });

  test('stats – images after the last checkpoint – shows their number and age', async (t) => {
    const dir = await newCache(t);
    assert.match((await cli(['stats'], { dir })).stdout, /^on disk +all images$/m);
    await write(dir, { a: bytesOf(1024), b: bytesOf(1024) });
    assert.match((await cli(['stats'], { dir })).stdout, /^on disk +all but 2 images, 2\.00 KiB, of the last \d+ s$/m);
    const { at, ageMs, boot, ...rest } = (await jsonOf(['stats'], { dir })).value.checkpoint;
    assert.deepEqual(rest, { doubtfulImages: 2, doubtfulBytes: 2048, error: null });
    assert.equal(boot, voucherOf(dir).split(' ')[1]);
    assert(Math.abs(Date.now() - at - ageMs) < 60_000);
  });

  test('stats – writes to the disk fail – shows since when', async (t) => {
    const dir = await newCache(t);
    const since = new Date(2001, 1, 3, 4, 5);
    setVoucher(dir, `${voucherOf(dir)} failing ${BigInt(since.getTime()) * 1_000_000n}`);
    assert.match((await cli(['stats'], { dir })).stdout, /^on disk +write errors since 2001-02-03 04:05$/m);
    const { error } = (await jsonOf(['stats'], { dir })).value.checkpoint;
    assert.deepEqual(error, { sinceMs: since.getTime() });
  });
});

test('sync and stats – file system without checkpoints – say so', {
  skip: needsFileSystem({ type: 'tmpfs' }),
}, async (t) => {
  const { dir: base } = await mountUntilOver(t, { type: 'tmpfs' });
  const dir = join(base, 'cache');
  assert.equal((await cli(['put', 'a', '-'], { dir, input: 'x' })).code, 0);
  assert.match((await cli(['sync'], { dir })).stdout, /^all images are synced, without a checkpoint: .*tmpfs\n$/);
  assert.match((await cli(['stats'], { dir })).stdout, /^on disk +never synced: durability is none$/m);
  const { checkpoint } = (await jsonOf(['stats'], { dir })).value;
  const none = { at: null, ageMs: null, boot: null, error: null };
  assert.deepEqual(checkpoint, { ...none, doubtfulImages: 1, doubtfulBytes: 1 });
});

test('recover – dry run, then for good – names what it drops', async (t) => {
  const images = { old: { a: bytesOf(10) }, young: { b: bytesOf(200) }, digested: { c: bytesOf(10) } };
  const { dir } = await lostPower(t, images);
  const dry = await cli(['recover', '--dry-run'], { dir });
  assert.equal(dry.code, 0);
  assert.match(
    dry.stdout,
    /^would drop b\nwould drop 1 image, 200 B\nwould keep 1 image of 2 after the last checkpoint \(\d+ s ago|now\)\n$/,
  );
  const { since: _, ...rest } = (await jsonOf(['recover'], { dir })).value;
  assert.deepEqual(rest, { dryRun: false, needed: true, doubtful: 2, kept: 1, dropped: ['b'], bytes: 200 });
  assert.equal((await cli(['recover'], { dir })).stdout, 'nothing to recover\n');
  const { value } = await jsonOf(['recover'], { dir });
  const nothing = { since: null, doubtful: 0, kept: 0, dropped: [], bytes: 0 };
  assert.deepEqual(value, { dryRun: false, needed: false, ...nothing });
  assert.equal((await jsonOf(['recover', '--force'], { dir })).value.needed, true);
});

test('recover – directory that is no cache – makes none', async (t) => {
  const dir = await temporaryDirectory(t);
  assert.equal((await jsonOf(['recover'], { dir })).value.error.code, 'ERR_CLI_NO_CACHE');
});
