// The session in the README is what a reader gets who types it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { temporaryDirectory } from '../support/temporary-directory.mjs';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('the README’s session prints what it says', async (t) => {
  const cwd = await temporaryDirectory(t);
  const [, session] = readme.match(/```console\n(.*?)```/s);
  const commands = [...session.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command);
  const script = commands.flatMap((command) => [`echo '$ '${quoted(command)}`, command]).join('\n');
  const prelude = `xattr-cache() { ${quoted(process.execPath)} ${quoted(main)} "$@"; }\n`;
  const printed = execFileSync('bash', ['-c', prelude + script], { cwd, encoding: 'utf8', stdio: 'pipe' });
  assert.equal(agelessOf(printed), agelessOf(session));
});

/** How old something is depends on how fast the machine is, and the columns on that. */
function agelessOf(text) {
  return text.replaceAll(/\bnow\b|\b\d+ s ago/g, 'AGE').replaceAll(/ +/g, ' ');
}

function quoted(word) {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
