// verify: the result for each image, for people and for scripts.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { ImageCache } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { cacheWith, cli, errorOf, filesIn, jsonOf, needsTerminal, onTerminal, startCli, until } from './support.mjs';

function md5Of(bytes) {
  return { algorithm: 'md5', hex: createHash('md5').update(bytes).digest('hex') };
}

/** Opens a cache with `good` and the truncated `bad`, both with a checksum, and `plain` without one. */
async function mixedCache(t, size = 1_000) {
  const { dir, driver } = await cacheWith(t, { plain: bytesOf(size) });
  const cache = await ImageCache.open({ driver, autoPrune: false });
  for (const imageId of ['good', 'bad']) {
    await cache.cacheImage(imageId, [bytesOf(size)], { checksum: md5Of(bytesOf(size)) });
  }
  truncateSync(join(dir, 'bad'), size - 1);
  return { dir, driver };
}

suite('verify – any images – reports their state', () => {
  test('verify – images in every state – reports each, moves the corrupt one away', async (t) => {
    const { dir } = await mixedCache(t);
    const { code, stdout, stderr } = await cli(['verify', 'good', 'bad', 'plain', 'never'], { dir });
    assert.equal(code, 1);
    assert.equal(
      stdout,
      [
        'bad is corrupt, and now in invalid/',
        'never is not cached',
        'plain was cached without a checksum',
        '1 ok, 1 corrupt, 1 without a checksum',
        '',
      ].join('\n'),
    );
    assert.equal(stderr, 'xattr-cache: 2 of 4 images failed\n');
    assert.deepEqual(filesIn(dir, 'invalid'), ['bad']);
    assert.match(errorOf(dir, 'bad'), /^ERR_SIZE_MISMATCH/);
  });

  test('verify – --all – checks all images, accepts those without a checksum', async (t) => {
    const { dir } = await mixedCache(t);
    const first = await jsonOf(['verify', '--all'], { dir });
    assert.equal(first.code, 1);
    const { error, ...found } = first.value;
    assert.deepEqual(found, { ok: ['good'], corrupt: ['bad'], unknown: ['plain'], missing: [], failed: [] });
    assert.equal(error.code, 'ERR_CLI_PARTIAL');
    const second = await jsonOf(['verify', '--all'], { dir });
    assert.equal(second.code, 0);
    assert.deepEqual(second.value, { ok: ['good'], corrupt: [], unknown: ['plain'], missing: [], failed: [] });
  });

  test('verify – image put with a checksum – is ok', async (t) => {
    const { dir } = await cacheWith(t);
    const checksum = `md5:${md5Of(bytesOf(1_000)).hex}`;
    await cli(['put', 'a', '-', '--checksum', checksum], { dir, input: bytesOf(1_000) });
    assert.equal((await cli(['verify', 'a'], { dir })).stdout, '1 ok, 0 corrupt, 0 without a checksum\n');
  });

  test('verify – wrong arguments – exits 2', async (t) => {
    const { dir } = await cacheWith(t);
    for (const args of [['verify'], ['verify', '--all', 'a'], ['verify', '../a'], ['verify', '--all', '--rate', '0']]) {
      assert.equal((await cli(args, { dir })).code, 2, args.join(' '));
    }
    assert.equal((await cli(['verify', '--all'], { dir })).stdout, '0 ok, 0 corrupt, 0 without a checksum\n');
  });

  test('verify – --rate – reads no faster', async (t) => {
    const { dir } = await cacheWith(t, { a: bytesOf(300_000), b: bytesOf(300_000) });
    const startMs = performance.now();
    assert.equal((await cli(['verify', '--all', '--rate', '1MB'], { dir })).code, 0);
    assert(performance.now() - startMs >= 600, `${performance.now() - startMs} ms`);
  });

  test('verify – interrupted while it waits – ends', async (t) => {
    const { dir } = await cacheWith(t, { a: bytesOf(300_000) });
    const { child, ended } = startCli(['verify', '--all', '--rate', '1000'], { dir });
    // The program handles signals once the addon is loaded.
    await until(() => readFileSync(`/proc/${child.pid}/maps`, 'latin1').includes('xattr_cache.node'), 'begun');
    child.kill('SIGINT');
    assert.equal((await ended).code, 130);
  });

  test('verify – on a terminal – shows its progress', { skip: needsTerminal }, async (t) => {
    const { dir } = await cacheWith(t, { a: bytesOf(300_000), b: bytesOf(300_000) });
    const { code, output } = await onTerminal(['verify', '--all', '--rate', '500KB'], { dir });
    assert.equal(code, 0);
    assert.match(output, /1 of 2 images {2}586 KiB .* b/);
  });
});
