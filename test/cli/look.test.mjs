// list, stats, errors, queued: the content of a cache, for people and for scripts.

import assert from 'node:assert/strict';
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { cacheWith, cli, jsonOf } from './support.mjs';

const day = 86_400;

/** Opens a cache of three images in different orders: by id a b c, by size b c a, by hits c a b, by access a c b. */
async function threeImages(t) {
  const cache = await cacheWith(t, { a: bytesOf(1_000), b: bytesOf(3_000_000), c: bytesOf(20_000) });
  await cache.driver.readImage('a');
  for (let n = 0; n < 3; n++) await cache.driver.readImage('c');
  const nowS = Date.now() / 1000;
  utimesSync(join(cache.dir, 'a'), nowS - 200, nowS - 3 * day);
  utimesSync(join(cache.dir, 'b'), nowS - 9 * day, nowS - 5 * day);
  utimesSync(join(cache.dir, 'c'), nowS - 2 * 3_600, nowS - 4 * day);
  return cache;
}

suite('list – any cache – shows its images', () => {
  test('list – as text – shows sizes and ages in human units', async (t) => {
    const { dir } = await threeImages(t);
    const { code, stdout, stderr } = await cli(['list'], { dir });
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(
      stdout,
      [
        'id      size  hits   accessed  modified',
        'a     1000 B     1  3 min ago   3 d ago',
        // Eviction counts from the later of access and commit.
        'b   2.86 MiB     0    5 d ago   5 d ago',
        'c   19.5 KiB     3    2 h ago   4 d ago',
        '',
        '3 images, 2.88 MiB',
        '',
      ].join('\n'),
    );
  });

  test('list – as JSON – prints the images of the API', async (t) => {
    const { dir, driver } = await threeImages(t);
    const { value } = await jsonOf(['list'], { dir });
    assert.deepEqual(value, { images: await driver.getCachedImages() });
  });

  test('list – sort, reverse and limit – apply', async (t) => {
    const { dir } = await threeImages(t);
    const orders = { id: 'abc', size: 'bca', hits: 'cab', accessed: 'acb', modified: 'acb' };
    const idsOf = async (...args) => {
      const { value } = await jsonOf(['list', ...args], { dir });
      return value.images.map(({ imageId }) => imageId).join('');
    };
    for (const [order, ids] of Object.entries(orders)) assert.equal(await idsOf('--sort', order), ids, order);
    assert.equal(await idsOf('--sort', 'size', '--reverse', '--limit', '2'), 'ac');
    assert.equal(await idsOf('--limit', '0'), '');
    const { stdout } = await cli(['list', '--limit', '1'], { dir });
    assert.match(stdout, /\n1 of 3 images, 2\.88 MiB\n$/);
  });

  test('list – empty cache – says so', async (t) => {
    const { dir } = await cacheWith(t);
    assert.equal((await cli(['list'], { dir })).stdout, '0 images, 0 B\n');
    assert.deepEqual((await jsonOf(['list'], { dir })).value, { images: [] });
  });

  test('list – a thousand images – prints them all, as text and JSON', async (t) => {
    const { dir, driver } = await cacheWith(t);
    for (let n = 0; n < 1_000; n++) writeFileSync(join(dir, `${'long'.repeat(50)}-${n}`), '');
    const { stdout } = await cli(['list'], { dir });
    assert.equal(stdout.split('\n').length, 1_000 + 4);
    const { value } = await jsonOf(['list'], { dir });
    assert.deepEqual(value.images, await driver.getCachedImages());
  });
});

suite('stats – any cache – sums it up', () => {
  test('stats – as JSON, empty cache – prints the numbers of the API, or null', async (t) => {
    const { dir } = await cacheWith(t);
    const { value } = await jsonOf(['stats'], { dir });
    const { freeBytes, freeInodes, checkpoint, ...rest } = value;
    assert.deepEqual(rest, {
      dir,
      images: 0,
      size: 0,
      allocatedSize: 0,
      maxSize: 10 * 1024 ** 3,
      hits: 0,
      incomplete: 0,
      invalid: 0,
      queued: 0,
      oldestAccessMs: null,
      newestAccessMs: null,
    });
    assert(freeBytes > 0);
    assert.equal(checkpoint.doubtfulImages, 0);
    assert('freeInodes' in value && (freeInodes === null || freeInodes > 0));
  });

  test('stats – images in every state – counts them, against the given limit', async (t) => {
    const { dir, driver } = await threeImages(t);
    await driver.queueImage('wanted');
    const writer = await driver.openForWrite('failing');
    await writer.rollback('no reason');
    const { value } = await jsonOf(['stats'], { dir, env: { XATTR_CACHE_MAX_SIZE: '10MB' } });
    assert.deepEqual([value.images, value.size, value.maxSize, value.hits], [3, 3_021_000, 10_000_000, 4]);
    assert.deepEqual([value.queued, value.invalid, value.incomplete], [1, 1, 0]);
    // Rounded once: the numbers of stat() are sometimes off by one.
    const exactly = (imageId) => statSync(join(dir, imageId), { bigint: true });
    assert.equal(value.newestAccessMs, Number(exactly('a').atimeNs) / 1e6);
    assert.equal(value.oldestAccessMs, Number(exactly('b').mtimeNs) / 1e6);

    const { stdout } = await cli(['stats', '--max-size', '2.88MiB'], { dir, env: { XATTR_CACHE_MAX_SIZE: '10MB' } });
    assert.match(stdout, /^size +2\.88 MiB of 2\.88 MiB \(100\.0 %\)$/m);
    assert.match(stdout, /^newest access +3 min ago$/m);
    assert.match(stdout, /^oldest access +5 d ago$/m);
    assert.match(stdout, /^failed writes +1$/m);
  });
});

suite('errors – any cache – shows its failed writes', () => {
  test('errors – a failed write – shows it with its reason', async (t) => {
    const { dir, driver } = await cacheWith(t);
    const writer = await driver.openForWrite('failing');
    await writer.write(bytesOf(2_000));
    await writer.rollback(new Error('the store said\nnö'));
    const { stdout, code } = await cli(['errors'], { dir });
    assert.equal(code, 0);
    assert.match(stdout, /^failing\n {2}1\.95 KiB, (now|\d s ago)\n {2}the store said\\nnö\n\n1 failed write\n$/);
    const { value } = await jsonOf(['errors'], { dir });
    assert.deepEqual(value, { images: await driver.getInvalidImages() });
    assert.equal(value.images[0].error, 'the store said\nnö');
  });

  test('errors – no failed write – says so', async (t) => {
    const { dir } = await cacheWith(t);
    assert.equal((await cli(['errors'], { dir })).stdout, '0 failed writes\n');
    assert.deepEqual((await jsonOf(['errors'], { dir })).value, { images: [] });
  });
});

test('queued – two requests – shows the oldest first', async (t) => {
  const { dir, driver } = await cacheWith(t);
  assert.equal((await cli(['queued'], { dir })).stdout, 'nothing is queued\n');
  for (const imageId of ['b', 'a']) {
    await driver.queueImage(imageId);
    utimesSync(join(dir, 'queue', imageId), 1, imageId === 'b' ? 1 : 2);
  }
  assert.equal((await cli(['queued'], { dir })).stdout, 'b\na\n');
  assert.deepEqual((await jsonOf(['queued'], { dir })).value, { images: ['b', 'a'] });
});

suite('a directory – not a cache – is explained, created or left alone', () => {
  const readers = [
    ['list'],
    ['stats'],
    ['errors'],
    ['queued'],
    ['prune', '--dry-run'],
    ['get', 'a'],
    ['clean'],
    ['delete', 'a'],
  ];

  test('commands that read or remove – directory missing – explain, do not create it', async (t) => {
    const { home } = await cacheWith(t);
    const dir = join(home, 'mistyped');
    await Promise.all(
      readers.map(async (args) => {
        const { code, value } = await jsonOf(args, { dir });
        assert.deepEqual([code, value.error.code], [1, 'ERR_CLI_NO_CACHE'], args[0]);
        assert.match(value.error.message, /mistyped does not exist\. .*XATTR_CACHE_DIR/);
      }),
    );
    assert.deepEqual(readdirSync(home), ['cache']);
  });

  test('every command – directory of other files – fails, keeps the files', async (t) => {
    const { home } = await cacheWith(t);
    writeFileSync(join(home, 'precious'), 'data');
    const commands = [...readers, ['prune', '--max-size', '1'], ['put', 'a', join(home, 'precious')], ['queue', 'a']];
    await Promise.all(
      commands.map(async (args) => {
        const { code, stderr } = await cli([...args, '--dir', home]);
        assert.equal(code, 1, args[0]);
        assert.match(stderr, /incomplete\//);
      }),
    );
    assert.deepEqual(readdirSync(home).sort(), ['cache', 'precious']);
  });

  test('put, queue and prefetch – directory missing – create the cache', async (t) => {
    const { home } = await cacheWith(t);
    const makers = { put: ['a', '-'], queue: ['a'], prefetch: ['--from', home] };
    for (const [command, args] of Object.entries(makers)) {
      const dir = join(home, 'new', command);
      assert.equal((await cli([command, ...args], { dir })).code, 0);
      assert.equal((await cli(['list'], { dir })).code, 0);
    }
  });

  test('every command – no directory given – names the option and the variable', async () => {
    for (const [args, env] of [
      [['list'], {}],
      [['list', '--dir', ''], {}],
      [['put', 'a', '-'], { XATTR_CACHE_DIR: '' }],
    ]) {
      const { code, value } = await jsonOf(args, { env });
      assert.deepEqual([code, value.error.code], [2, 'ERR_CLI_USAGE']);
      assert.match(value.error.message, /--dir DIR.*XATTR_CACHE_DIR/);
    }
  });

  test('every command – directory is a file – reports the driver’s reason', async (t) => {
    const { home } = await cacheWith(t);
    const file = join(home, 'file');
    writeFileSync(file, '');
    for (const args of [['list'], ['put', 'a', '-']]) {
      const { code, value } = await jsonOf(args, { dir: file });
      assert.deepEqual([code, value.error.code], [1, 'ERR_BAD_DRIVER_CONFIGURATION']);
    }
  });
});
