import assert from 'node:assert/strict';
import { accessSync, constants, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { root } from './pages.mjs';
import { runInSandbox } from './sandbox.mjs';

const { scripts } = createRequire(import.meta.url)('../../../package.json');

/**
 * The commands of a block that are not run, and the check that each gets instead. They install, build, test or measure
 * the checkout in which this test runs: `.ci/run` runs those that CI can.
 */
const notRun = [
  { command: /^npm ci$/, check: () => {} },
  { command: /^npm (start|test)\b/, check: (name) => assert(name in scripts, `package.json has no script ${name}`) },
  {
    command: /^npm run (?:--silent )?(\S+)/,
    check: (name) => assert(name in scripts, `package.json has no script ${name}`),
  },
  { command: /^node test\/run\.mjs (\S+)$/, check: assertTestFiles },
  { command: /^(\.ci\/run|test\/\S+)\b/, check: (path) => accessSync(join(root, path), constants.X_OK) },
  // The package is not in the registry yet: test/package installs what would be.
  { command: /^npm install xattr-cache$/, check: () => {} },
];

/** Runs the commands of a block in an empty directory; each must succeed. */
export async function runSh(t, { text }) {
  const commands = text
    .split('\n')
    .map((line) => line.replace(/\s*#.*/, ''))
    .filter((line) => line !== '' && !line.split(' && ').every(isChecked));
  if (commands.length > 0) await runInSandbox(t, `set -e\n${commands.join('\n')}`);
}

/** Returns true if the command is one of those that are not run. */
function isChecked(command) {
  for (const { command: pattern, check } of notRun) {
    const match = pattern.exec(command);
    if (!match) continue;
    check(match[1]);
    return true;
  }
  return false;
}

function assertTestFiles(part) {
  const paths = readdirSync(join(root, 'test'), { recursive: true }).map((path) => `test/${path}`);
  const named = paths.filter((path) => path.endsWith('.test.mjs') && path.includes(part));
  assert.notEqual(named.length, 0, `no test file has ${part} in its path`);
}
