// Wrong usage: exit code 2, with the reason, before anything is read or written.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';

import { packageCopy } from '../support/package-copy.mjs';
import { tree } from '../support/temporary-directory.mjs';
import { cacheWith, cli, jsonOf, main } from './support.mjs';

suite('wrong usage – any command – exits 2, with the reason', () => {
  test('sizes, numbers and times – malformed – exit 2, the message names the form', async (t) => {
    const { dir } = await cacheWith(t, { a: Buffer.alloc(10) });
    const before = await tree(dir);
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
        /^xattr-cache: .*'--[a-z-]+ <\w+>' argument '.*' is invalid\. (It must|A size|Allowed)/,
        args.join(' '),
      );
    });
    assert.deepEqual(await tree(dir), before);
  });

  test('XATTR_CACHE_MAX_SIZE – malformed – exits 2, the message names it', async (t) => {
    const { dir } = await cacheWith(t, { a: Buffer.alloc(10) });
    const { code, value } = await jsonOf(['prune'], { dir, env: { XATTR_CACHE_MAX_SIZE: '10XB' } });
    assert.deepEqual([code, value.error.code], [2, 'ERR_CLI_USAGE']);
    assert.match(value.error.message, /XATTR_CACHE_MAX_SIZE/);
  });

  test('a relative directory – working directory removed – is explained', async (t) => {
    const { home, dir } = await cacheWith(t);
    const gone = join(home, 'gone');
    for (const args of [['list'], ['put', 'a', '-'], ['stats', '--json']]) {
      // The shell is still in the directory when the program starts.
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

  test('commands and options – misspelt or incomplete – exit 2, with a suggestion', async (t) => {
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

  test('no command – given – shows the help, exits 2', async () => {
    const { code, stdout, stderr } = await cli([]);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /Usage: xattr-cache/);
  });

  test('a prefetch source – malformed or missing – fails before any fetch', async (t) => {
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

test('common options – before and after the command – the last one counts', async (t) => {
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

test('a limit of 0 – stats and prune – is accepted', async (t) => {
  const { dir } = await cacheWith(t, { a: Buffer.alloc(10) });
  const stats = await cli(['stats', '--max-size', '0'], { dir });
  assert.equal(stats.code, 0);
  assert.match(stats.stdout, /^size +10 B of 0 B$/m);
  const { code, value } = await jsonOf(['prune', '--max-size', '0'], { dir });
  assert.deepEqual([code, value.filesPruned], [0, 1]);
});

suite('an id – invalid or like an option – is never misread', () => {
  const hostile = ['', '.', '..', '../escape', 'a/b', '/etc/passwd', '.hidden', 'incomplete', 'x'.repeat(256)];

  test('an id – invalid – is refused by every command, nothing changes', async (t) => {
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

  test('an id – after “--” – is not an option, nor an option an id', async (t) => {
    const { dir, driver } = await cacheWith(t);
    assert.equal((await cli(['queue', '--', '--json', '-x'], { dir })).stdout, 'queued --json\nqueued -x\n');
    assert.deepEqual((await driver.getQueuedImages()).sort(), ['--json', '-x']);
    assert.equal((await cli(['dequeue', '-x'], { dir })).code, 2);
    const missing = await cli(['get', '--', '--json'], { dir });
    assert.deepEqual(missing, { code: 1, stdout: '', stderr: 'xattr-cache: image "--json" is not cached\n' });
  });
});

suite('help and version – requested – are printed', () => {
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
    'verify',
  ];

  test('help – requested – names commands, exit codes and environment on stdout', async () => {
    const { code, stdout, stderr } = await cli(['--help']);
    assert.deepEqual([code, stderr], [0, '']);
    for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
    assert.match(stdout, /Exit codes: 0 .* 1 .* 2 /s);
    const { stdout: ofPrune, code: again } = await cli(['help', 'prune']);
    assert.equal(again, 0);
    for (const name of ['XATTR_CACHE_DIR', 'XATTR_CACHE_MAX_SIZE', '--dry-run', '--json'])
      assert(ofPrune.includes(name));
  });

  test('--version – given – prints that of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url)));
    assert.deepEqual(await cli(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

test('a command – addon missing – explains it without a stack trace', async (t) => {
  const main = join(dirname(await packageCopy(t, { addon: false })), 'cli', 'main.js');
  const { dir } = await cacheWith(t);
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'list', '--dir', dir], { encoding: 'utf8' });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^xattr-cache cannot load its addon: .*\n( {2}(platform|tried|remedy): .*\n)+$/);
  const json = spawnSync(process.execPath, [main, 'list', '--dir', dir, '--json'], { encoding: 'utf8' });
  assert.equal(JSON.parse(json.stdout).error.code, 'ERR_NATIVE_LOAD');
});

test('help – without the addon – is printed', async (t) => {
  const main = join(dirname(await packageCopy(t, { addon: false })), 'cli', 'main.js');
  const { status, stdout } = spawnSync(process.execPath, [main, '--help'], { encoding: 'utf8' });
  assert.equal(status, 0);
  assert.match(stdout, /^Usage: xattr-cache/);
});

/** Runs three at a time. */
async function inTurns(items, run) {
  const rest = items.values();
  const lane = async () => {
    for (const item of rest) await run(item);
  };
  await Promise.all([lane(), lane(), lane()]);
}
