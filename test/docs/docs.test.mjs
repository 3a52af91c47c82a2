// That the documents say what is so.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';

import { pages, root, textOf } from './support/pages.mjs';

test('each error code has one row in docs/errors.md, and no other has', () => {
  const codes = new Set(textOf('test/types/api.d.ts').match(/\bERR_(?!INVALID_ARG_)[A-Z_]+\b/g));
  const rows = [...textOf('docs/errors.md').matchAll(/^\| `(ERR_\w+)` \| `(\w+)` \|/gm)].map(([, code]) => code);
  assert.deepEqual(rows.toSorted(), [...codes].sort());
});

test('links between the documents lead somewhere', () => {
  for (const page of pages()) {
    for (const [, target, anchor] of textOf(page).matchAll(/\]\((?!\w+:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const path = target === '' ? page : join(dirname(page), target);
      assert(existsSync(join(root, path)), `${page} links to ${target}`);
      if (anchor) assert(anchorsOf(path).includes(anchor), `${page} links to ${target}#${anchor}`);
    }
  }
});

test('files that the pages name are there', () => {
  const files = ['native', 'src'].flatMap((directory) => readdirSync(join(root, directory), { recursive: true }));
  const names = new Set(files.map((path) => basename(path)));
  for (const page of pages()) {
    for (const [, path] of textOf(page).matchAll(/`([\w./-]+\.(?:c|cc|h|mjs|ts|yml))`/g)) {
      const there = path.includes('/') ? existsSync(join(root, path)) : names.has(path);
      assert(there, `${page} names ${path}`);
    }
  }
});

test('the README has the two commands that try and test it, each by itself', () => {
  for (const command of ['npm ci && npm start', 'npm ci && npm test']) {
    assert(textOf('README.md').includes(`\n\`\`\`sh\n${command}\n\`\`\`\n`), command);
  }
});

/** As GitHub makes them of headings. */
function anchorsOf(page) {
  const headings = [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading.toLowerCase());
  return headings.map((heading) => heading.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-'));
}
