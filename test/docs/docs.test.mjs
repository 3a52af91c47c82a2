// Checks that the documents agree with the package.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';

import { createProgram } from '../../dist/cli/program.js';
import { pages, root, textOf } from './support/pages.mjs';

test('docs/errors.md – codes of src/ – has one row for each, and no other', () => {
  const codes = new Set(textOf('src/api/errors.ts').match(/(?<=^ {2}\| ')ERR_[A-Z_]+(?=')/gm));
  const rows = [...textOf('docs/errors.md').matchAll(/^\| `(ERR_\w+)` \| `(\w+)` \|/gm)].map(([, code]) => code);
  assert.deepEqual(rows.toSorted(), [...codes].sort());
});

test('docs/command-line.md – commands of the program – has a row for each', () => {
  const documented = [...textOf('docs/command-line.md').matchAll(/^\| `([a-z]+)[ `]/gm)].map(([, name]) => name);
  const names = createProgram({ quiet: true }).commands.map((command) => command.name());
  assert.deepEqual(documented.toSorted(), names.sort());
});

test('docs/api.md – types of src/ – is up to date', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'tools/write-api-reference.mjs'), '--check']);
  assert.equal(status, 0, String(stderr));
});

test('docs/api.md – each export – names the version that brought it', () => {
  const [, ...sections] = textOf('docs/api.md').split(/^### /m);
  assert(sections.length > 60, `${sections.length} exports`);
  const without = sections.filter((section) => !/^Since \d+\.\d+\.\d+\.$/m.test(section));
  assert.deepEqual(
    without.map((section) => section.split('\n', 1)[0]),
    [],
  );
});

test('the README – its first screen – has code by line 15, ratios before the plot', () => {
  const readme = textOf('README.md');
  const firstCode = readme.split('\n').indexOf('```js') + 1;
  assert(firstCode > 0 && firstCode <= 15, `line ${firstCode}`);
  const ratios = readme.slice(0, readme.indexOf('![')).match(/^- .*[\d.] ×/gm);
  assert.equal(ratios.length, 3);
});

test('links – between pages – lead to a page and its heading', () => {
  const known = new Map();
  const anchors = (page) => {
    if (!known.has(page)) known.set(page, anchorsOf(page));
    return known.get(page);
  };
  for (const page of pages()) {
    for (const [, target, anchor] of textOf(page).matchAll(/\]\((?!\w+:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const path = target === '' ? page : join(dirname(page), target);
      assert(existsSync(join(root, path)), `${page} links to ${target}`);
      if (anchor) assert(anchors(path).has(anchor), `${page} links to ${target}#${anchor}`);
    }
  }
});

test('files – named by the pages – exist', () => {
  const files = ['native', 'src'].flatMap((directory) => readdirSync(join(root, directory), { recursive: true }));
  const names = new Set(files.map((path) => basename(path)));
  for (const page of pages()) {
    for (const [, path] of textOf(page).matchAll(/`([\w./-]+\.(?:c|cc|h|mjs|ts|yml))`/g)) {
      const there = path.includes('/') ? existsSync(join(root, path)) : names.has(path);
      assert(there, `${page} names ${path}`);
    }
  }
});

test('the README – commands that try and test it – are there, each by itself', () => {
  for (const command of ['npm ci && npm start', 'npm ci && npm test']) {
    assert(textOf('README.md').includes(`\n\`\`\`sh\n${command}\n\`\`\`\n`), command);
  }
});

/** The anchors of a page: those that GitHub makes of headings, numbered where they repeat, and those it sets itself. */
function anchorsOf(page) {
  const text = textOf(page);
  const anchors = new Set([...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id));
  const seen = new Map();
  for (const [, heading] of text.matchAll(/^#+ (.*)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
    seen.set(anchor, count + 1);
  }
  return anchors;
}
