// The author of a driver runs it through the suite that the package brings along.

import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { projectWith } from './support/consumer.mjs';
import { root } from './support/tarball.mjs';

const driverFiles = ['memory-driver.mjs', 'memory-reader.mjs', 'memory-writer.mjs', 'memory-checks.mjs'];

/** Runs the suite over a memory driver with that body, in a project that has the tarball alone. */
async function suiteOver(t, body) {
  const project = await projectWith(t);
  for (const name of driverFiles) copyFileSync(join(root, 'test/support', name), join(project.directory, name));
  const source = `
    import { conformance } from 'xattr-cache/conformance';
    import { MemoryDriver } from './memory-driver.mjs';
    class TheirDriver extends MemoryDriver { ${body} }
    conformance('TheirDriver', { create: (_t, options) => new TheirDriver(options), tickMs: 1 });
  `;
  writeFileSync(join(project.directory, 'driver.test.mjs'), source);
  const env = { NODE_TEST_CONTEXT: undefined };
  const { status, stdout } = project.attempt('node', ['--test', '--test-reporter=tap', 'driver.test.mjs'], { env });
  const count = (outcome) => Number(stdout.match(new RegExp(`^# ${outcome} (\\d+)$`, 'm'))?.[1]);
  return { status, stdout, passed: count('pass'), failed: count('fail') };
}

test('the conformance suite of the tarball – a right driver – passes', async (t) => {
  const { status, stdout, passed } = await suiteOver(t, '');
  assert.equal(status, 0, stdout);
  assert(passed > 100, `${passed} tests`);
});

test('the conformance suite of the tarball – a driver that counts no hits – fails', async (t) => {
  const { status, failed } = await suiteOver(
    t,
    'async getHitCount(id) { return super.getHitCount(id).then(() => 0); }',
  );
  assert.equal(status, 1);
  assert(failed > 3, `${failed} failures`);
});
