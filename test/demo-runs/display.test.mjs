import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { demoHome, demoMain, start } from '../support/demo.mjs';
import { commandsIn, redrawsIn, screenAfter } from '../support/terminal.mjs';

// script(1) of util-linux runs a command on a terminal of its own.
const skip = spawnSync('script', ['--version']).status === 0 ? false : 'no script(1) of util-linux here';
const { source, emptyDirectory } = demoHome();

/** Starts the demo on a terminal of so many columns; what it prints comes as the output of script(1). */
function startOnTerminal(columns, args, env) {
  const demo = `"${process.execPath}" "${demoMain}" --source "${source}" ${args}`;
  const command = `stty cols ${columns} rows 24 && exec ${demo}`;
  // Node takes a terminal under CI for one without colours.
  const own = { TERM: 'xterm', CI: undefined, NO_COLOR: undefined, FORCE_COLOR: undefined };
  return start('script', ['--quiet', '--return', '--command', command, '/dev/null'], { ...own, ...env });
}

test('the display – 40 columns – is redrawn in place, and erased at the end', { skip }, async () => {
  const { code, stdout } = await startOnTerminal(40, '--seconds 2').ended;
  assert.equal(code, 0, stdout);
  const screens = redrawsIn(stdout).map(screenAfter);
  assert.ok(screens.length > 4, `${screens.length} screens`);
  for (const line of screens.flat()) assert.ok(line.length < 40, line);

  const lastShown = screens.at(-2);
  const labels = lastShown.map((line) => line.slice(0, 9).trim()).filter((label) => label !== '');
  assert.deepEqual(labels, ['demo', 'size', 'hits', 'now', 'fetched', 'evicted', 'killed', 'hottest', 'coldest']);
  assert.match(lastShown.join('\n'), /^size {5}[█░]+ {2}\d+ KiB of \d+ KiB$/m);
  assert.ok(stdout.includes('\u001b[32m█'));

  assert.deepEqual(screens.at(-1), ['']);
  const [top] = screenAfter(stdout);
  assert.match(top, /^┌─/);
});

test('the display – NO_COLOR – has no colors', { skip }, async () => {
  const { code, stdout } = await startOnTerminal(80, '--seconds 1', { NO_COLOR: '1' }).ended;
  assert.equal(code, 0, stdout);
  assert.deepEqual(commandsIn(stdout), new Set(['A', 'J', 'K']));
  assert.match(screenAfter(redrawsIn(stdout).at(-2)).join('\n'), /^evicted .* during a read$/m);
});

test('the display – Ctrl-C – leaves no line and no file behind', { skip }, async () => {
  const temp = emptyDirectory();
  const { child, output, ended } = startOnTerminal(80, '--seconds 60', { TMPDIR: temp });
  while (!output.stdout.includes('take-over')) await sleep(20);
  child.stdin.write('\u0003');
  const { code, stdout } = await ended;
  assert.equal(code, 130);
  assert.deepEqual(screenAfter(stdout.replace('^C', '')), ['']);
  assert.deepEqual(readdirSync(temp), []);
});

test('the display – script or incapable terminal – draws nothing', { skip }, async () => {
  const [json, dumb] = await Promise.all([
    startOnTerminal(80, '--seconds 1 --json').ended,
    startOnTerminal(80, '--seconds 1', { TERM: 'dumb' }).ended,
  ]);
  assert.equal(JSON.parse(json.stdout).ok, true);
  assert.equal(dumb.code, 0);
  assert.equal(commandsIn(dumb.stdout).size, 0);
});
