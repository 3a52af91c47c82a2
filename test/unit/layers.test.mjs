// Checks that no file imports a layer that its own may not import: see the table in docs/architecture.md.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Each folder with the folders that its files may import, beside their own. */
const mayImport = {
  'src/base': [],
  'src/api': ['src/base'],
  'src/native': ['src/base', 'src/api'],
  'src/streams': ['src/base', 'src/api'],
  'src/driver': ['src/base', 'src/api', 'src/native', 'src/streams'],
  'src/fetch': ['src/base', 'src/api', 'src/streams'],
  'src/cache': ['src/base', 'src/api', 'src/streams', 'src/driver', 'src/fetch'],
  'src/index.ts': ['src/api', 'src/native', 'src/streams', 'src/driver', 'src/fetch', 'src/cache'],
  'src/terminal': ['src/base'],
  'src/cli': ['src/index.ts', 'src/terminal'],
  demo: ['src/index.ts', 'src/terminal'],
  'native/posix': [],
  'native/core': ['native/posix'],
  'native/binding': ['native/core', 'native/posix'],
  'native/prebuild': [],
};

const paths = ['src', 'demo', 'native'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .map((path) => `${folder}/${path}`)
    .filter((path) => /\.(ts|h|cc)$/.test(path)),
);

/** The folder of the table that a path lies in; `src/index.ts` is one by itself. */
function folderOf(path) {
  const folder = Object.keys(mayImport).find((name) => path === name || path.startsWith(`${name}/`));
  return folder ?? assert.fail(`${path} lies in no folder of the table`);
}

/** The paths that a file imports, but for Node's modules and other packages. */
function importsOf(path, text) {
  if (!path.endsWith('.ts')) return [...text.matchAll(/^#include "(.+)"/gm)].map(([, header]) => `native/${header}`);
  const specifiers = [...text.matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map(([, name]) => name);
  return specifiers.flatMap((name) => {
    if (name === 'xattr-cache') return ['src/index.ts'];
    if (name.startsWith('#terminal/')) return [name.replace('#', 'src/')];
    return name.startsWith('.') ? [posix.join(posix.dirname(path), name)] : [];
  });
}

function forbiddenImports(path, text) {
  const folder = folderOf(path);
  return importsOf(path, text)
    .filter((imported) => ![folder, ...mayImport[folder]].includes(folderOf(imported)))
    .map((imported) => `${path} imports ${imported}`);
}

test('a file – its imports – lie in its folder or in one that the table allows', () => {
  assert.deepEqual(
    paths.flatMap((path) => forbiddenImports(path, readFileSync(join(root, path), 'utf8'))),
    [],
  );
});

for (const [path, text] of [
  ['src/fetch/a.ts', "import type {\n  Native,\n} from '../native/native.ts';"],
  ['src/driver/a.ts', "export { SharedFetch } from '../fetch/shared-fetch.ts';"],
  ['src/cli/a.ts', "const { native } = await import('../native/native.ts');"],
  ['src/terminal/a.ts', "import '../index.ts';"],
  ['demo/a.ts', "import { now } from '../src/base/timers.ts';"],
  ['native/posix/a.h', '#include "core/token.h"'],
]) {
  test(`an import that ${path} may not have – is found`, () => {
    assert.equal(forbiddenImports(path, text).length, 1);
  });
}

test('docs/architecture.md – its table of folders – is the one of this test', () => {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const [, table] = /^\| folder \| may import \|\n\|---\|---\|\n((?:\|.*\n)+)/m.exec(page);
  const rows = table.trimEnd().split('\n');
  const named = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  const shown = rows.map((row) => row.split('|').slice(1, 3).map(named));
  assert.deepEqual(Object.fromEntries(shown.map(([[folder], imported]) => [folder, imported])), mayImport);
});

test('the driver’s classes – outside src/driver – are not asked for by instanceof', () => {
  const others = paths.filter((path) => path.startsWith('src/') && !path.startsWith('src/driver/'));
  const asked = others.filter((path) => /EngineCalls|instanceof Xattr/.test(readFileSync(join(root, path), 'utf8')));
  assert.deepEqual(asked, []);
});
