// The output on a terminal: narrow, without colours, and with ids that contain control characters.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

import { bytesOf } from '../support/contents.mjs';
import { cacheWith, cli, jsonOf, needsTerminal, onTerminal } from './support.mjs';

const sha = 'f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2';
const wide = '漢字'.repeat(30);
const hostile = 'line\nbreak \u001b[31mred\u009b31m\u202e’s';
const hostileAsShown = "$'line\\nbreak \\x1b[31mred\\u009b31m\\u202e’s'";

/** Removes the codes for bold and dim text. */
const plain = stripVTControlCharacters;

suite('a terminal – any width – gets output that fits', { skip: needsTerminal }, () => {
  test('a terminal – 40 columns – shows every id in full, in lines that fit', async (t) => {
    const images = { [sha]: bytesOf(5_000), short: bytesOf(10), [wide]: bytesOf(10) };
    const { dir, driver } = await cacheWith(t, images);
    await (await driver.openForWrite(sha)).rollback(`no such image at https://images.example/${sha} today`);
    for (const args of [['list'], ['stats'], ['errors'], ['prune', '--dry-run', '--max-size', '1']]) {
      const { code, output } = await onTerminal(args, { dir, columns: 40 });
      assert.equal(code, 0);
      for (const line of plain(output).split('\n')) assert(columnsOf(line) <= 40, `${args[0]}: ${line}`);
      if (args[0] === 'stats') continue;
      assert(plain(output).replaceAll(/\n/g, '').includes(sha), args[0]);
    }
    const { output } = await onTerminal(['list'], { dir, columns: 40 });
    assert.match(
      plain(output),
      /\nshort\n {2}size 10 B, hits 0, accessed (now|\d s ago),\n {2}modified (now|\d s ago)\n/,
    );
  });

  test('a terminal – 80 columns – shows a table, with a note on shortened ids', async (t) => {
    const { dir } = await cacheWith(t, { [sha]: bytesOf(5_000), [`${sha.slice(0, 63)}3`]: bytesOf(10) });
    const { output } = await onTerminal(['list'], { dir });
    const [heading, first, second, note] = plain(output).split('\n');
    assert.match(heading, /^id +size +hits +accessed +modified$/);
    assert.match(first, /^f2ca1bb6c7e907d06dafe\w*…\w+26fd2 +4\.88 KiB +0 +(now|\d s ago) +(now|\d s ago)$/);
    assert.match(second, /…\w+26fd3 /);
    assert.match(note, /shortened/);
    for (const line of plain(output).split('\n')) assert(line.length <= 80);
    const { stdout } = await cli(['list'], { dir });
    assert(stdout.includes(sha));
  });

  test('colours – NO_COLOR or no terminal – are left out', async (t) => {
    const { dir } = await cacheWith(t, { a: bytesOf(10) });
    assert((await onTerminal(['list'], { dir })).output.includes('\u001b['));
    assert(!(await onTerminal(['list'], { dir, env: { NO_COLOR: '1' } })).output.includes('\u001b'));
    assert(!(await cli(['list'], { dir })).stdout.includes('\u001b'));
  });

  test('get – on a terminal – shows its progress, then clears it', async (t) => {
    const { home, dir } = await cacheWith(t, { a: bytesOf(4_000_000) });
    const fifo = join(home, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const slowly = async (args, env) => {
      const command = onTerminal([...args, 'a', fifo], { dir, env });
      const reader = await open(fifo);
      await sleep(500);
      for await (const _chunk of reader.createReadStream());
      return await command;
    };
    const { output } = await slowly(['get']);
    const cleared = '\u001b[1G\u001b[0K';
    assert.match(output, /\d MiB of 3\.81 MiB \(\d+\.\d %\)/);
    assert(output.endsWith(`${cleared}wrote a, 3.81 MiB\n`), output);
    for (const [args, env] of [
      [['get'], { TERM: 'dumb' }],
      [['get', '--json'], {}],
    ]) {
      assert(!(await slowly(args, env)).output.includes('%'));
    }
  });

  test('get – stdout is a terminal – refuses to write the image without -', async (t) => {
    const { dir } = await cacheWith(t, { a: Buffer.from('the bytes') });
    const { code, output } = await onTerminal(['get', 'a'], { dir, columns: 200 });
    assert.equal(code, 2);
    assert.match(output, /^xattr-cache: the image would go to the terminal: pass a FILE, or - /);
    assert.equal((await onTerminal(['get', 'a', '-'], { dir })).output, 'the bytes');
    assert.equal((await onTerminal(['get', 'a'], { dir, redirect: '| cat' })).output, 'the bytes');
  });
});

suite('an id – control characters – is harmless', () => {
  test('an id – control characters, any command – reaches the terminal escaped', async (t) => {
    const { dir, driver } = await cacheWith(t, { [hostile]: bytesOf(10) });
    const fails = join(dir, 'nowhere');
    const seen = [];
    for (const args of [
      ['list'],
      ['list', '--json'],
      ['prune', '--dry-run', '--max-size', '1'],
      ['get', hostile, fails.slice(0, -7).concat('../copy')],
      ['get', `${hostile}!`],
      ['put', hostile, '/dev/null'],
      ['put', hostile, `${fails}/${hostile}`],
      ['queue', hostile, `${hostile}!`],
      ['queued'],
      ['queued', '--json'],
      ['prefetch', '--from', dir],
      ['prefetch', '--from', dir, '--json'],
      ['dequeue', `${hostile}!`],
      ['delete', hostile],
    ]) {
      const { stdout, stderr } = await cli(args, { dir });
      seen.push(stdout + stderr);
    }
    for (const args of [[hostile], ['list', '--sort', hostile]]) {
      const { stderr } = await cli(args, { dir });
      seen.push(stderr.replace('line\nbreak', '')); // The messages of commander have several lines.
    }
    await (await driver.openForWrite(hostile)).rollback(`because of ${hostile}`);
    seen.push((await cli(['errors'], { dir })).stdout);
    for (const output of seen) assert.doesNotMatch(output, /[^\P{Cc}\n]|\p{Bidi_Control}|line\nbreak/u);
    assert(seen[0].includes(`\n${hostileAsShown}  `));
  });

  test('an id – control characters – is quoted for a shell, unchanged in --json', async (t) => {
    const { dir } = await cacheWith(t, { [hostile]: bytesOf(10), "$'\\'": bytesOf(10) });
    const { value } = await jsonOf(['list'], { dir });
    assert.deepEqual(
      value.images.map(({ imageId }) => imageId),
      ["$'\\'", hostile],
    );
    const { stdout } = await cli(['list'], { dir });
    assert(stdout.includes(`\n$'$\\'\\\\\\''  `));
  });
});

/** Returns the width on a terminal, for the characters used here. */
function columnsOf(line) {
  return [...line].reduce((sum, character) => sum + (/\p{Script=Han}/u.test(character) ? 2 : 1), 0);
}
