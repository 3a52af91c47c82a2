// Checks that tiring words and long titles stay out: see "Plain English" in CONTRIBUTING.md.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { root, textOf } from './support/pages.mjs';

/** The frozen contract keeps its words; the lists of words themselves name them. */
const exempt = ['test/types/api.d.ts', 'test/docs/plain-english.test.mjs', 'LICENSE'];

const words = {
  'a process is it or they': /\b(he|him|his|himself)\b/i,
  'name the role': /\b(whoever|whomever|somebody|nobody|anybody)\b/i,
  'immediately or concurrently': /\bat once\b/i,
  'must, should': /\bshall\b/i,
  'fix, repair': /\bmend(s|ed|ing)?\b/i,
  'obey, follow': /\bheed(s|ed|ing)?\b/i,
  'available, found': /\bto be had\b/i,
  'for example': /, say[,;.:)]/i,
};

const skip = existsSync(join(root, '.git')) ? false : 'no checkout, of which git could list the files';
const files = skip ? [] : git('ls-files', '-z').split('\0').filter(Boolean);

const written = files.filter((path) => /\.(md|ts|mjs|c|cc|h|sh|yml)$/.test(path) && !exempt.includes(path));

for (const [instead, pattern] of Object.entries(words)) {
  test(`prose – ${pattern.source} – is avoided: ${instead}`, { skip }, () => {
    const hits = written.flatMap((path) => linesWith(pattern, path));
    assert.deepEqual(hits, []);
  });
}

test('a TSDoc comment – its first word – is a noun or a verb, not What, Whether or Who', { skip }, () => {
  const clauses = /\/\*\*\s*(?:\*\s*)?(?:What|Whether|Who)(?:ever|se)?\b.*/g;
  const code = written.filter((path) => /\.(ts|mjs)$/.test(path));
  const hits = code.flatMap((path) => [...textOf(path).matchAll(clauses)].map(([clause]) => `${path}: ${clause}`));
  assert.deepEqual(hits, []);
});

test('a test’s name – length – is under 80 characters', { skip }, () => {
  const tests = written.filter((path) => path.startsWith('test/') && /\.(mjs|cc)$/.test(path));
  const names = tests.flatMap((path) =>
    [...textOf(path).matchAll(/^\s*(?:test|suite|TEST)\((['"`])(.*?)\1/gm)].map(([, , name]) => `${path}: ${name}`),
  );
  assert(names.length > 500, `${names.length} names found`);
  assert.deepEqual(
    names.filter((name) => name.slice(name.indexOf(': ') + 2).length >= 80),
    [],
  );
});

function git(...args) {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' });
}

function linesWith(pattern, path) {
  const lines = textOf(path).split('\n');
  return lines.flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []));
}
