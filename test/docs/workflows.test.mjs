// That the public workflows name what is there, trust nobody by a name that can be moved, and may do no more than they need.
// Whether GitHub runs them is not known before it does.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';

import { root, textOf } from './support/pages.mjs';

const { engines, scripts } = createRequire(import.meta.url)('../../package.json');

const directory = '.github/workflows';
const workflows = readdirSync(join(root, directory)).map((name) => {
  const text = textOf(join(directory, name));
  return { name, text, content: parse(text) };
});
const jobs = workflows.flatMap(({ name, content }) =>
  Object.entries(content.jobs).map(([id, job]) => ({ name: `${name}: ${id}`, ...job })),
);
const steps = jobs.flatMap(({ name, steps: all = [] }) => all.map((step) => ({ job: name, ...step })));

/** What more than reading a job may do, and why. */
const rights = { 'release.yml: publish': { 'id-token': 'write' } }; // Trusted publishing shows npm who it is.

describe('permissions', () => {
  for (const { name, content } of workflows) {
    test(`${name} has none but those that its jobs ask for`, () => assert.deepEqual(content.permissions, {}));
  }
  for (const { name, permissions } of jobs) {
    test(`${name} asks for its own, and reads at most`, () => {
      const most = rights[name] ?? { contents: 'read' };
      assert(permissions, 'no permissions');
      for (const [right, level] of Object.entries(permissions)) assert.equal(level, most[right], right);
    });
  }
});

test('every action is pinned by the hash of a commit, the same everywhere, with its version beside it', () => {
  const pins = new Map();
  for (const { text } of workflows) {
    for (const [line, action] of text.matchAll(/^.*\buses: ([^\s@]+).*$/gm)) {
      if (action.startsWith('./')) {
        assert(existsSync(join(root, action)), line);
        continue;
      }
      assert.match(line, /@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      const pin = line.replace(/.*@/, '');
      assert.equal(pins.get(action) ?? pin, pin, action);
      pins.set(action, pin);
    }
  }
  assert.notEqual(pins.size, 0);
});

test('no checkout leaves its token behind', () => {
  for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))) {
    assert.equal(step.with['persist-credentials'], false, step.job);
  }
});

test('no command is put together of what others may write', () => {
  for (const { job, run = '' } of steps) assert.doesNotMatch(run, /\$\{\{/, job);
});

test('the scripts and the paths that commands name are there', () => {
  const commands = steps.map(({ run = '' }) => run).join('\n');
  const named = [...commands.matchAll(/\bnpm run ([\w:]+)/g)].map(([, name]) => name);
  assert.notEqual(named.length, 0);
  for (const name of named) assert(name in scripts, `package.json has no script ${name}`);
  const paths = commands.match(/(?<![\w-])(?:test|bench|tools|native|src|docs)\/[\w./-]*\w/g);
  assert.notEqual(paths.length, 0);
  // What follows is part of a path, as test/run.mjs takes it.
  for (const path of paths) {
    const parent = join(root, path, '..');
    const there =
      existsSync(parent) && readdirSync(parent).some((name) => join(parent, name).startsWith(join(root, path)));
    assert(there, path);
  }
});

test('what is tested is what package.json promises: the oldest of each line, and every line that is kept up', () => {
  const { matrix } = workflows.find(({ name }) => name === 'ci.yml').content.jobs.test.strategy;
  const oldest = engines.node.match(/\d+\.\d+\.\d+/g);
  assert.deepEqual(matrix.include.map(({ node }) => node).sort(), oldest);
  const lines = oldest.map((version) => Number.parseInt(version, 10));
  assert.deepEqual(matrix.node.slice(0, lines.length), lines);
  for (const [i, line] of matrix.node.entries()) assert.equal(line, matrix.node[0] + 2 * i, 'even ones, without a gap');
});

test('what is downloaded was uploaded before', () => {
  const nameOf = ({ with: { name, pattern } }) => (name ?? pattern).replace(/(?:\$\{\{[^}]*\}\}|\*).*/, '');
  const of = (action) => steps.filter(({ uses = '' }) => uses.startsWith(`actions/${action}-artifact@`)).map(nameOf);
  const uploaded = of('upload');
  for (const name of of('download')) assert(uploaded.includes(name), name);
});

test('every job ends', () => {
  for (const { name, uses, 'timeout-minutes': minutes } of jobs) assert(uses ?? minutes <= 45, name);
});
