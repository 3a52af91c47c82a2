// Checks the public workflows: names exist, actions are pinned by commit, and permissions are the least that they need.
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

/** The rights of a job beyond reading, and their reasons. */
const rights = { 'release.yml: publish': { 'id-token': 'write' } }; // Trusted publishing proves its identity to npm.

describe('permissions', () => {
  for (const { name, content } of workflows) {
    test(`${name} – of the workflow – are none`, () => assert.deepEqual(content.permissions, {}));
  }
  for (const { name, permissions } of jobs) {
    test(`${name} – of each job – are explicit, and read at most`, () => {
      const most = rights[name] ?? { contents: 'read' };
      assert(permissions, 'no permissions');
      for (const [right, level] of Object.entries(permissions)) assert.equal(level, most[right], right);
    });
  }
});

test('an action – used in a workflow – is pinned by one commit, with its version', () => {
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

test('a checkout – in a workflow – leaves no token behind', () => {
  for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))) {
    assert.equal(step.with['persist-credentials'], false, step.job);
  }
});

test('a command – in a workflow – contains no text that others may write', () => {
  for (const { job, run = '' } of steps) assert.doesNotMatch(run, /\$\{\{/, job);
});

test('a command – names scripts and paths – they exist', () => {
  const commands = steps.map(({ run = '' }) => run).join('\n');
  const named = [...commands.matchAll(/\bnpm run ([\w:]+)/g)].map(([, name]) => name);
  assert.notEqual(named.length, 0);
  for (const name of named) assert(name in scripts, `package.json has no script ${name}`);
  const paths = commands.match(/(?<![\w-])(?:test|bench|tools|native|src|docs)\/[\w./-]*\w/g);
  assert.notEqual(paths.length, 0);
  // An argument of test/run.mjs may be a part of a path.
  for (const path of paths) {
    const parent = join(root, path, '..');
    const there =
      existsSync(parent) && readdirSync(parent).some((name) => join(parent, name).startsWith(join(root, path)));
    assert(there, path);
  }
});

test('the tested versions – package.json’s engines – are all lines and each oldest', () => {
  const { matrix } = workflows.find(({ name }) => name === 'ci.yml').content.jobs.test.strategy;
  const oldest = engines.node.match(/\d+\.\d+\.\d+/g);
  assert.deepEqual(matrix.include.map(({ node }) => node).sort(), oldest);
  const lines = oldest.map((version) => Number.parseInt(version, 10));
  assert.deepEqual(matrix.node.slice(0, lines.length), lines);
  for (const [i, line] of matrix.node.entries()) assert.equal(line, matrix.node[0] + 2 * i, 'even ones, without a gap');
});

test('an artifact – downloaded – was uploaded before', () => {
  const nameOf = ({ with: { name, pattern } }) => (name ?? pattern).replace(/(?:\$\{\{[^}]*\}\}|\*).*/, '');
  const of = (action) => steps.filter(({ uses = '' }) => uses.startsWith(`actions/${action}-artifact@`)).map(nameOf);
  const uploaded = of('upload');
  for (const name of of('download')) assert(uploaded.includes(name), name);
});

test('a job – in a workflow – has a timeout', () => {
  for (const { name, uses, 'timeout-minutes': minutes } of jobs) assert(uses ?? minutes <= 45, name);
});
