// That the documents say what is so.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

/** As GitHub makes them of headings. */
function anchorsOf(page) {
  const headings = [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading.toLowerCase());
  return headings.map((heading) => heading.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-'));
}
