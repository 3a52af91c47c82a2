import assert from 'node:assert/strict';

import { quoted, runInSandbox } from './sandbox.mjs';

/** Runs the commands of a session (`$ …`), and compares the output with the lines below each of them. */
export async function runConsole(t, { text }) {
  const commands = [...text.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command);
  assert.notEqual(commands.length, 0, 'a session has commands');
  const script = commands.flatMap((command) => [`echo '$ '${quoted(command)}`, command]).join('\n');
  const printed = await runInSandbox(t, `${script}\ntrue`);
  assert.equal(agelessOf(printed), agelessOf(text));
}

/** How old something is depends on how fast the machine is, and the columns on that. */
function agelessOf(text) {
  return text.replaceAll(/\bnow\b|\b\d+ s ago/g, 'AGE').replaceAll(/ +/g, ' ');
}
