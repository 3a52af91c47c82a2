// That the documents say what is so.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path) => readFileSync(join(root, path), 'utf8');

for (const page of ['README.md', 'docs/fetch-once.md']) {
  test(`the example of ${page} runs as it is pasted, and prints what its comments say`, () => {
    const [, example] = read(page).match(/```js\n(.*?)```/s);
    const promised = [...example.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, output]) => output);
    const printed = execFileSync(process.execPath, ['--input-type=module'], { cwd: root, input: example });
    assert.equal(printed.toString(), `${promised.join('\n')}\n`);
  });
}

test('each error code has one row in docs/errors.md, and no other has', () => {
  const codes = new Set(read('test/types/api.d.ts').match(/\bERR_(?!INVALID_ARG_)[A-Z_]+\b/g));
  const rows = [...read('docs/errors.md').matchAll(/^\| `(ERR_\w+)` \| `(\w+)` \|/gm)].map(([, code]) => code);
  assert.deepEqual(rows.toSorted(), [...codes].sort());
});

test('links between the documents lead somewhere', () => {
  const pages = ['.', 'docs', 'prebuilds'].flatMap((directory) =>
    readdirSync(join(root, directory))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(directory, name)),
  );
  for (const page of pages) {
    for (const [, target] of read(page).matchAll(/\]\((?!\w+:)([^)#]+)/g)) {
      assert(existsSync(join(root, dirname(page), target)), `${page} links to ${target}`);
    }
  }
});
