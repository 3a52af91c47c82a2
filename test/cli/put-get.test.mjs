// put and get: an image is stored and read back.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { mountFresh, needsMount } from '../support/mounts.mjs';
import { cacheWith, cli, errorOf, filesIn, hitsOf, jsonOf, startCli } from './support.mjs';

const hexOf = (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex');

suite('put – any source – caches it whole or not at all', () => {
  test('put – a file, image cached or not – caches it, replaces the old image', async (t) => {
    const bytes = bytesOf(3_000_000);
    const { home, dir, driver } = await cacheWith(t, { a: bytesOf(10, 2) });
    const file = join(home, 'file');
    writeFileSync(file, bytes);
    await driver.queueImage('b');
    for (const imageId of ['a', 'b']) {
      const { code, stdout, stderr } = await cli(['put', imageId, file], { dir });
      assert.deepEqual([code, stdout, stderr], [0, `cached ${imageId}, 2.86 MiB\n`, '']);
      assert.deepEqual(readFileSync(join(dir, imageId)), bytes);
      assert.equal(hitsOf(dir, imageId), 0);
    }
    assert.deepEqual(await driver.getQueuedImages(), []);
    assert.deepEqual(filesIn(dir, 'incomplete'), []);
  });

  test('put – stdin, a pipe, an empty file – caches them', async (t) => {
    const bytes = bytesOf(200_000);
    const { home, dir } = await cacheWith(t);
    const { value } = await jsonOf(['put', 'stdin', '-'], { dir, input: bytes });
    assert.deepEqual(value, { imageId: 'stdin', size: 200_000 });
    assert.deepEqual(readFileSync(join(dir, 'stdin')), bytes);

    const fifo = join(home, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const { ended } = startCli(['put', 'pipe', fifo], { dir });
    writeFileSync(fifo, bytes);
    assert.equal((await ended).code, 0);
    assert.deepEqual(readFileSync(join(dir, 'pipe')), bytes);

    assert.deepEqual((await jsonOf(['put', 'empty', '/dev/null'], { dir })).value, { imageId: 'empty', size: 0 });
    // The size that stat() reports is 0.
    assert.equal((await cli(['put', 'proc', '/proc/self/status'], { dir })).code, 0);
    assert.match(readFileSync(join(dir, 'proc'), 'utf8'), /^Name:/);
  });

  test('put – checksum given – is verified', async (t) => {
    const bytes = bytesOf(100_000);
    const { dir } = await cacheWith(t, { old: bytesOf(5) });
    const sri = `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
    for (const checksum of [sri, `md5:${hexOf('md5', bytes)}`, `SHA256:${hexOf('sha256', bytes).toUpperCase()}`]) {
      const { code, stderr } = await cli(['put', 'a', '-', '--checksum', checksum], { dir, input: bytes });
      assert.equal(code, 0, stderr);
    }
    const wrong = `sha256:${hexOf('sha256', 'something else')}`;
    const { code, value } = await jsonOf(['put', 'old', '-', '--checksum', wrong], { dir, input: bytes });
    assert.deepEqual([code, value.error.code], [1, 'ERR_CHECKSUM_MISMATCH']);
    assert.deepEqual(readFileSync(join(dir, 'old')), bytesOf(5));
    assert.match(errorOf(dir, 'old'), /^ERR_CHECKSUM_MISMATCH/);
  });

  test('put – malformed checksum – is refused before anything is read', async (t) => {
    const { dir } = await cacheWith(t);
    for (const checksum of ['', 'sha256', 'md5:ff', 'sha256:xyz', 'rot13:ffff', 'sha256-AAAA', 'md5:']) {
      const { code, value } = await jsonOf(['put', 'a', '-', '--checksum', checksum], { dir });
      assert.deepEqual([code, value.error.code], [2, 'ERR_CLI_USAGE'], checksum);
      assert(value.error.message.startsWith('--checksum: '), value.error.message);
      assert(value.error.message.endsWith(` Received type string ('${checksum}')`), value.error.message);
    }
    assert.deepEqual(filesIn(dir, 'invalid'), []);
  });

  test('put – unreadable file – reports the reason', async (t) => {
    const { home, dir } = await cacheWith(t);
    for (const [file, message] of [
      [join(home, 'nowhere'), /cannot read .*nowhere: ENOENT: no such file or directory$/],
      [home, /cannot read .*: EISDIR: illegal operation on a directory$/],
      ['', /ENOENT/],
    ]) {
      const { code, value } = await jsonOf(['put', 'a', file], { dir });
      assert.deepEqual([code, value.error.code], [1, 'ERR_CLI_FILE']);
      assert.match(value.error.message, message);
    }
    assert.deepEqual(readdirSync(dir).sort(), ['.xattr-cache', 'incomplete', 'invalid', 'queue']);
  });

  test('put – image being written elsewhere – fails without waiting', async (t) => {
    const { dir, driver } = await cacheWith(t);
    const writer = await driver.openForWrite('a');
    // stdin stays open, like that of a source that continues.
    const { child, ended } = startCli(['put', 'a', '-', '--json'], { dir });
    child.stdin.on('error', () => {});
    child.stdin.write(bytesOf(1_000_000));
    const { code, stdout } = await ended;
    assert.equal(code, 1);
    assert.equal(JSON.parse(stdout).error.code, 'ERR_IMAGE_BUSY');
    await writer.rollback('over');
  });
});

suite('get – any destination – writes the image whole or fails', () => {
  test('get – to stdout, a pipe or a file – writes the image, counts a hit', async (t) => {
    const bytes = bytesOf(3_000_000);
    const { home, dir } = await cacheWith(t, { a: bytes, empty: Buffer.alloc(0) });
    const file = join(home, 'stdout');
    for (const [n, args] of [
      ['get', 'a'],
      ['get', 'a', '-'],
    ].entries()) {
      const { child, ended } = startCli(args, { dir });
      const hash = createHash('md5');
      for await (const chunk of child.stdout.setEncoding('latin1')) hash.update(chunk, 'latin1');
      assert.equal((await ended).code, 0);
      assert.equal(hash.digest('hex'), hexOf('md5', bytes));
      assert.equal(hitsOf(dir, 'a'), n + 1);
    }
    const out = openSync(file, 'w');
    assert.equal((await startCli(['get', 'a'], { dir, stdio: ['ignore', out, 'inherit'] }).ended).code, 0);
    closeSync(out);
    assert.deepEqual(readFileSync(file), bytes);
    assert.equal((await cli(['get', 'empty'], { dir })).stdout, '');
    assert.equal(hitsOf(dir, 'empty'), 1);
  });

  test('get – a file name – writes the image to it', async (t) => {
    const bytes = bytesOf(2_500_000);
    const { home, dir } = await cacheWith(t, { a: bytes });
    const file = join(home, 'file');
    const { code, stdout, stderr } = await cli(['get', 'a', file], { dir });
    assert.deepEqual([code, stdout, stderr], [0, 'wrote a, 2.38 MiB\n', '']);
    assert.deepEqual(readFileSync(file), bytes);
    const { value } = await jsonOf(['get', 'a', file], { dir });
    assert.deepEqual(value, { imageId: 'a', size: 2_500_000, counted: true });
    assert.equal(hitsOf(dir, 'a'), 2);
    assert.deepEqual(readdirSync(home).sort(), ['cache', 'file']);
  });

  test('get – existing file, link, device – keeps its mode, follows, writes through', async (t) => {
    const { home, dir } = await cacheWith(t, { a: bytesOf(1_000) });
    const file = join(home, 'file');
    const link = join(home, 'link');
    writeFileSync(file, 'old');
    chmodSync(file, 0o640);
    symlinkSync('file', link);
    assert.equal((await cli(['get', 'a', link], { dir })).code, 0);
    assert(lstatSync(link).isSymbolicLink());
    assert.deepEqual(readFileSync(file), bytesOf(1_000));
    assert.equal(statSync(file).mode & 0o777, 0o640);

    assert.equal((await cli(['get', 'a', '/dev/null'], { dir })).code, 0);
    assert(lstatSync('/dev/null').isCharacterDevice());
    assert.equal(hitsOf(dir, 'a'), 2);
  });

  test('get – image not cached – fails with the code of the API, creates no file', async (t) => {
    const { home, dir } = await cacheWith(t);
    for (const args of [
      ['get', 'a'],
      ['get', 'a', '-'],
      ['get', 'a', join(home, 'file')],
    ]) {
      const { code, value } = await jsonOf(args, { dir });
      assert.equal(code, 1);
      assert.deepEqual(value, { error: { code: 'ERR_IMAGE_NOT_FOUND', message: 'image "a" is not cached' } });
    }
    const { code, stdout, stderr } = await cli(['get', 'a'], { dir });
    assert.deepEqual([code, stdout, stderr], [1, '', 'xattr-cache: image "a" is not cached\n']);
    assert(!existsSync(join(home, 'file')));
  });

  test('get – --json, image on stdout – prints the JSON to stderr', async (t) => {
    const { dir } = await cacheWith(t, { a: Buffer.from('bytes') });
    const { code, stdout, stderr } = await cli(['get', 'a', '--json'], { dir });
    assert.deepEqual([code, stdout], [0, 'bytes']);
    assert.deepEqual(JSON.parse(stderr), { imageId: 'a', size: 5, counted: true });
  });

  test('get – output not writable – fails, counts no hit', async (t) => {
    const { home, dir } = await cacheWith(t, { a: bytesOf(1_000) });
    mkdirSync(join(home, 'file'));
    for (const file of [home, join(home, 'nowhere', 'file'), '/dev/full', '']) {
      const { code, value } = await jsonOf(['get', 'a', file], { dir });
      assert.deepEqual([code, value.error.code], [1, 'ERR_CLI_FILE'], file);
    }
    assert.equal(hitsOf(dir, 'a'), 0);
  });

  test('get – image truncated while it is read – fails', async (t) => {
    const { home, dir } = await cacheWith(t, { a: Buffer.alloc(64 * 1024 * 1024) });
    const fifo = join(home, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const { ended } = startCli(['get', 'a', fifo, '--json'], { dir });
    const reader = openSync(fifo, 'r'); // It returns when the other side has opened the fifo.
    truncateSync(join(dir, 'a'), 1_000);
    const draining = startDraining(reader);
    const { code, stdout } = await ended;
    await draining;
    assert.equal(code, 1);
    assert.match(JSON.parse(stdout).error.message, /cut short/);
    assert.equal(hitsOf(dir, 'a'), 0);
  });
});

suite('a full disk – any command – loses nothing silently', { skip: needsMount }, () => {
  test('put – full disk – is rolled back, reports the reason', async (t) => {
    const dir = join(await mountFresh(t, 'tmpfs', 'size=1m'), 'cache');
    const { home } = await cacheWith(t);
    writeFileSync(join(home, 'file'), bytesOf(2_000_000));
    for (const [args, input] of [
      [['put', 'a', join(home, 'file')], ''], // Its size is known, so nothing is written.
      [['put', 'a', '-'], bytesOf(2_000_000)],
    ]) {
      const { code, value } = await jsonOf(args, { dir, input });
      assert.deepEqual([code, value.error.code], [1, 'ERR_NO_SPACE']);
      assert.deepEqual(filesIn(dir, 'incomplete'), []);
      assert.match(errorOf(dir, 'a'), /ENOSPC/);
    }
    assert(!existsSync(join(dir, 'a')));
  });

  test('clean – full disk – frees space', async (t) => {
    const dir = join(await mountFresh(t, 'tmpfs', 'size=1m'), 'cache');
    assert.equal((await cli(['put', 'a', '-'], { dir, input: bytesOf(2_000_000) })).code, 1);
    assert.deepEqual((await jsonOf(['clean'], { dir })).value, { invalidReaped: 1, stalledReaped: 0 });
    assert.equal((await cli(['put', 'a', '-'], { dir, input: 'small enough' })).code, 0);
  });

  test('get – full disk – leaves the old file, counts no hit', async (t) => {
    const full = await mountFresh(t, 'tmpfs', 'size=1m');
    const { dir } = await cacheWith(t, { a: bytesOf(2_000_000) });
    writeFileSync(join(full, 'file'), 'old');
    const { code, value } = await jsonOf(['get', 'a', join(full, 'file')], { dir });
    assert.deepEqual([code, value.error.code], [1, 'ERR_CLI_FILE']);
    assert.match(value.error.message, /ENOSPC/);
    assert.deepEqual(readdirSync(full), ['file']);
    assert.equal(readFileSync(join(full, 'file'), 'utf8'), 'old');
    assert.equal(hitsOf(dir, 'a'), 0);
  });

  test('stdout – takes only a part – is a failure, and no hit', async (t) => {
    const full = await mountFresh(t, 'tmpfs', 'size=64k');
    const { dir } = await cacheWith(t, { a: bytesOf(100_000) });
    for (const args of [
      ['get', 'a'],
      ['get', 'a', '--json'],
    ]) {
      const out = openSync(join(full, 'stdout'), 'w');
      const { code, stderr } = await startCli(args, { dir, stdio: ['ignore', out, 'pipe'] }).ended;
      closeSync(out);
      assert.equal(code, 1);
      assert.match(stderr, /cannot write to stdout: ENOSPC/);
    }
    assert.equal(hitsOf(dir, 'a'), 0);

    const device = openSync('/dev/full', 'w');
    for (const args of [['list'], ['list', '--json'], ['list', '--nonsense', '--json']]) {
      const { code, stderr } = await startCli(args, { dir, stdio: ['ignore', device, 'pipe'] }).ended;
      assert.match(stderr, /^xattr-cache: cannot write to stdout: ENOSPC[^\n]*\n$/);
      assert.equal(code, args.includes('--nonsense') ? 2 : 1);
    }
    closeSync(device);
  });
});

/** Reads a descriptor to its end in the thread pool. */
async function startDraining(descriptor) {
  const { createReadStream } = await import('node:fs');
  for await (const _chunk of createReadStream('', { fd: descriptor }));
}
