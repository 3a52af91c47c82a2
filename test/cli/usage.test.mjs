// What cannot be meant: exit code 2, with the reason, before anything is touched.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';

import { packageCopy } from '../support/package-copy.mjs';
import { tree } from '../support/temporary-directory.mjs';
import { cacheWith, cli, jsonOf, main } from './support.mjs';

suite('wrong usage', () => {
  test('of sizes, numbers and times exits 2, and says what is wanted', async (t) => {
    const { dir } = await cacheWith(t, { a: Buffer.alloc(10) });
    const wrong = [
      ...['-1', 'NaN', '10XB', '1e400', ''].map((size) => ['prune', '--max-size', size]),
      ['stats', '--max-size', '10XB'],
      ['verify', '--all', '--rate', '0'],
      ['prefetch', '--from', dir, '--max-size', '-1'],
      ...['-1', 'NaN', '1e400', ''].map((seconds) => ['clean', '--stall-time', seconds]),
      ...['-1', '1.5', 'many', '1e400'].map((limit) => ['list', '--limit', limit]),
      ['list', '--sort', 'age'],
      ['prefetch', '--from', dir, '--concurrency', '0'],
      ['prefetch', '--from', dir, '--timeout', '0'],
    ];
    await inTurns(wrong, async (args) => {
      const { code, stdout, stderr } = await cli(args, { dir });
      assert.deepEqual([code, stdout], [2, ''], args.join(' '));
      assert.match(
        stderr,
        /^xattr-cache: .*'--[a-z-]+ <\w+>' argument '.*' is invalid\. (It has|A size|Allowed)/,
        args.join(' '),
      );
    });
    assert.deepEqual(await tree(dir), ['a', 'incomplete', 'invalid', 'queue']);
  });

  test('of a size in the environment too', async (t) => {
    const { dir } = await cacheWith(t, { a: Buffer.alloc(10) });
    const { code, value } = await jsonOf(['prune'], { dir, env: { XATTR_CACHE_MAX_SIZE: '10XB' } });
    assert.deepEqual([code, value.error.code], [2, 'ERR_CLI_USAGE']);
    assert.match(value.error.message, /XATTR_CACHE_MAX_SIZE/);
  });

  test('of a relative directory, where the working directory was removed, says so', async (t) => {
    const { home, dir } = await cacheWith(t);
    const gone = join(home, 'gone');
    for (const args of [['list'], ['put', 'a', '-'], ['stats', '--json']]) {
      // The shell is still in it when the program starts.
      const script = 'mkdir "$1" && cd "$1" && rmdir "$1" && shift && exec "$@"';
      const command = [process.execPath, main, ...args, '--dir'];
      const run = (path) =>
        spawnSync('sh', ['-c', script, 'sh', gone, ...command, path], { encoding: 'utf8', input: 'x' });
      const { status, stdout, stderr } = run('cache');
      assert.equal(status, 1);
      assert.match(stdout + stderr, /cache is below a working directory that was removed\. Name the directory/);
      assert.doesNotMatch(stderr, /^ +at /m);
      assert.equal(run(dir).status, 0);
    }
  });

  test('of commands and options suggests what may have been meant', async (t) => {
    const { dir } = await cacheWith(t);
    const wrong = {
      lst: /unknown command 'lst'\n\(Did you mean list\?\)/,
      'list --srot id': /unknown option '--srot'\n\(Did you mean --sort\?\)/,
      'list surplus': /too many arguments/,
      'put a': /missing required argument 'file'/,
      queue: /missing required argument 'id'/,
      'get a b c': /too many arguments/,
      prefetch: /required option '--from <source>' not specified/,
      'list --limit': /argument missing/,
      delete: /pass one or more ids, or --all/,
      'delete a --all': /not both/,
      dequeue: /pass one or more ids, or --all/,
    };
    await inTurns(Object.entries(wrong), async ([line, message]) => {
      const { code, value } = await jsonOf(line.split(' '), { dir });
      assert.deepEqual([code, value.error.code], [2, 'ERR_CLI_USAGE'], line);
      assert.match(value.error.message, message);
    });
    const { code, stdout, stderr } = await cli(['lst'], { dir });
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^xattr-cache: unknown command 'lst'\n\(Did you mean list\?\)\n\(see --help\)/);
  });

  test('no command at all shows what there is, and exits 2', async () => {
    const { code, stdout, stderr } = await cli([]);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /Usage: xattr-cache/);
  });

  test('of a prefetch source is found before anything is fetched', async (t) => {
    const { dir } = await cacheWith(t);
    const sources = ['', 'http://127.0.0.1/', 'ftp://127.0.0.1/{id}', 'http://', 'http://me:secret@127.0.0.1/{id}'];
    await inTurns(sources, async (source) => {
      const { code, value } = await jsonOf(['prefetch', '--from', source], { dir });
      assert.deepEqual([code, value.error.code], [2, 'ERR_CLI_USAGE'], source);
    });
    const { code, value } = await jsonOf(['prefetch', '--from', `${dir}/nowhere`], { dir });
    assert.deepEqual([code, value.error.code], [1, 'ERR_CLI_FILE']);
  });
});

test('the options that every command takes – before the command – count, unless they stand behind it too', async (t) => {
  const { dir } = await cacheWith(t, { a: Buffer.alloc(10) });
  const { dir: other } = await cacheWith(t);
  const images = async (args, options) => {
    const { code, stdout, stderr } = await cli(args, options);
    assert.deepEqual([code, stderr], [0, ''], args.join(' '));
    return JSON.parse(stdout).images.length;
  };
  assert.equal(await images(['--dir', dir, '--json', 'list']), 1);
  assert.equal(await images(['--dir', other, 'list', '--json', '--dir', dir]), 1);
  assert.equal(await images(['--json', '--dir', dir, 'list'], { dir: other }), 1);
  assert.equal(await images(['--json', 'list'], { dir }), 1);
});

test('a limit of 0 – nothing fits, and it is no wrong usage', async (t) => {
  const { dir } = await cacheWith(t, { a: Buffer.alloc(10) });
  const stats = await cli(['stats', '--max-size', '0'], { dir });
  assert.equal(stats.code, 0);
  assert.match(stats.stdout, /^size +10 B of 0 B$/m);
  const { code, value } = await jsonOf(['prune', '--max-size', '0'], { dir });
  assert.deepEqual([code, value.filesPruned], [0, 1]);
});

suite('an id that cannot be one', () => {
  const hostile = ['', '.', '..', '../escape', 'a/b', '/etc/passwd', '.hidden', 'incomplete', 'x'.repeat(256)];

  test('is refused by every command, and nothing is touched', async (t) => {
    const { dir } = await cacheWith(t, { a: Buffer.alloc(10) });
    const before = await tree(dir);
    const calls = [
      ...hostile.map((imageId) => ['delete', 'a', imageId]),
      ...['../a', 'queue', ''].flatMap((imageId) => [
        ['put', imageId, '/dev/null'],
        ['get', imageId],
        ['queue', 'b', imageId],
        ['dequeue', imageId],
      ]),
    ];
    await inTurns(calls, async (args) => {
      const { code, value } = await jsonOf(args, { dir });
      assert.deepEqual([code, value.error.code], [2, 'ERR_INVALID_IMAGE_ID'], args.join(' '));
    });
    assert.deepEqual(await tree(dir), before);
    const { code, stderr } = await cli(['get', 'a/\u009b31mb'], { dir });
    assert.equal(code, 2);
    assert.equal(stderr, 'xattr-cache: invalid image id "a/\\u009b31mb": it contains a slash\n');
  });

  test('is not taken for an option behind --, nor an option for an id', async (t) => {
    const { dir, driver } = await cacheWith(t);
    assert.equal((await cli(['queue', '--', '--json', '-x'], { dir })).stdout, 'queued --json\nqueued -x\n');
    assert.deepEqual((await driver.getQueuedImages()).sort(), ['--json', '-x']);
    assert.equal((await cli(['dequeue', '-x'], { dir })).code, 2);
    const missing = await cli(['get', '--', '--json'], { dir });
    assert.deepEqual(missing, { code: 1, stdout: '', stderr: 'xattr-cache: image "--json" is not cached\n' });
  });
});

suite('help and version', () => {
  const commands = [
    'list',
    'stats',
    'put',
    'get',
    'delete',
    'queue',
    'queued',
    'dequeue',
    'prefetch',
    'prune',
    'clean',
    'errors',
  ];

  test('name every command, the exit codes and the environment, on stdout', async () => {
    const { code, stdout, stderr } = await cli(['--help']);
    assert.deepEqual([code, stderr], [0, '']);
    for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
    assert.match(stdout, /Exit codes: 0 .* 1 .* 2 /s);
    const { stdout: ofPrune, code: again } = await cli(['help', 'prune']);
    assert.equal(again, 0);
    for (const name of ['XATTR_CACHE_DIR', 'XATTR_CACHE_MAX_SIZE', '--dry-run', '--json'])
      assert(ofPrune.includes(name));
  });

  test('the version is the package’s', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url)));
    assert.deepEqual(await cli(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

test('without its addon it says why and what to do, without a stack trace', async (t) => {
  const main = join(dirname(await packageCopy(t, { addon: false })), 'cli', 'main.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'list', '--dir', '/'], { encoding: 'utf8' });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^xattr-cache cannot load its addon: .*\n( {2}(platform|tried|remedy): .*\n)+$/);
  const json = spawnSync(process.execPath, [main, 'list', '--dir', '/', '--json'], { encoding: 'utf8' });
  assert.equal(JSON.parse(json.stdout).error.code, 'ERR_NATIVE_LOAD');
});

/** A few at a time. */
async function inTurns(items, run) {
  const rest = items.values();
  const lane = async () => {
    for (const item of rest) await run(item);
  };
  await Promise.all([lane(), lane(), lane()]);
}
