// Fails if the title of a commit has not one scope, or more than 72 characters. Looks at the commits since this rule was
// changed last: earlier ones met the one before.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();

const changed = git('log', '-1', '--format=%H', '--', fileURLToPath(import.meta.url));
const titles = git('log', '--no-merges', '--format=%h %s', `${changed}..HEAD`).split('\n').filter(Boolean);
const wrong = titles.filter((line) => {
  const title = line.slice(line.indexOf(' ') + 1);
  return title.length > 72 || !/^[a-z][a-z0-9/-]*: [A-Za-z]/.test(title);
});
for (const title of wrong) console.error(`not "scope: imperative" in at most 72 characters: ${title}`);
console.log(`${titles.length} titles of commits, ${wrong.length} wrong`);
if (wrong.length > 0) process.exitCode = 1;
