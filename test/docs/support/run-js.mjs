import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { temporaryDirectory } from '../../support/temporary-directory.mjs';
import { root } from './pages.mjs';

const offline = new URL('offline-fetch.mjs', import.meta.url).href;

/** Runs a block as it stands, and compares its output with the comments behind its statements. */
export async function runJs(t, { text }) {
  const promised = [...text.matchAll(/; \/\/ (.*)/g)].map(([, output]) => `${output}\n`);
  const env = { ...process.env, TMPDIR: await temporaryDirectory(t) };
  const printed = execFileSync(process.execPath, ['--import', offline, '--input-type=module'], {
    cwd: root,
    env,
    input: text,
    encoding: 'utf8',
  });
  assert.equal(printed, promised.join(''));
}
