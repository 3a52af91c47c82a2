// Checks that the tests which the documents name exist.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const read = (path) => readFileSync(join(docs, path), 'utf8');

/** The titles of the tests in a file; `…` stands for what a title is given when it runs. */
function titlesIn(path) {
  const titles = [...read(path).matchAll(/\b(?:test|TEST)\((?:'([^']*)'|`([^`]*)`|"([^"]*)")/g)];
  return titles.map(([, ...kinds]) => kinds.find((title) => title !== undefined).replace(/\$\{[^}]*\}/g, '…'));
}

/** Returns the tests that a text names: a link to their file, and after it the title of each in quotes. */
function testsNamedIn(text) {
  const links = text.matchAll(/\]\((\.\.\/test\/[^)]+)\)((?: “[^”]+”)+)/g);
  return [...links].map(([, path, titles]) => ({ path, titles: titles.match(/[^“”]+(?=”)/g) }));
}

function assertThere({ path, titles }) {
  const there = titlesIn(path);
  for (const title of titles) assert(there.includes(title), `${path} has no test “${title}”`);
}

/** Why a defect has no test. */
const reasons = /\*\*(?:Left for later|Does not apply)/;

test('Glance’s 28 defects – the page – has a row and a test for each', () => {
  const rows = [...read('glance-defects.md').matchAll(/^\| (B\d+) \|.*$/gm)];
  assert.deepEqual(
    rows.map(([, defect]) => defect),
    Array.from({ length: 28 }, (_, i) => `B${i + 1}`),
  );
  for (const [row, defect] of rows) {
    assert.equal(row.match(/(?<!\\)\|/g).length, 5, row);
    const homes = testsNamedIn(row);
    if (homes.length === 0) assert.match(row, reasons);
    else assert.equal(homes.length, 1, `${defect} has one home`);
    for (const home of homes) {
      assertThere(home);
      for (const title of home.titles) assert.match(title, new RegExp(`\\b${defect}\\b`));
    }
  }
});

test('the guarantees – tests that they name – exist', () => {
  const page = read('guarantees.md');
  const rows = page.match(/^\| (?!guarantee |-).*$/gm);
  for (const row of rows) assert(testsNamedIn(row).length > 0, `no test: ${row}`);
  for (const home of testsNamedIn(page)) assertThere(home);
});

test('a defect – tested in glance-defects/ – is described on the page', () => {
  const page = testsNamedIn(read('glance-defects.md'));
  for (const name of readdirSync(join(docs, '../test/glance-defects'))) {
    const path = `../test/glance-defects/${name}`;
    const named = page.filter((home) => home.path === path).flatMap(({ titles }) => titles);
    assert.deepEqual(named.toSorted(), titlesIn(path).sort());
  }
});
