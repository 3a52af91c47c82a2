// The unit tests that Glance has for its own driver, on directories that we work on at the same time.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { temporaryDirectory } from '../support/temporary-directory.mjs';

const fixture = (name) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const python = '/usr/bin/python3';
const skip = upstreamRefusal();

test('Glance’s own tests – we prune and clean beside it, or in its place – pass', {
  skip,
}, async (t) => {
  const cwd = await temporaryDirectory(t);
  // The tests read it relative to the working directory.
  mkdirSync(join(cwd, 'glance/tests/etc'), { recursive: true });
  writeFileSync(join(cwd, 'glance/tests/etc/policy.yaml'), '{}');

  const args = ['-B', fixture('upstream_tests.py'), process.execPath, fixture('our-pruner.mjs')];
  const options = { cwd, env: { ...process.env, TMPDIR: cwd }, timeout: 120_000 };
  const { stdout } = await promisify(execFile)(python, args, options);
  const { report, passes, calls } = JSON.parse(stdout);

  for (const [name, { run, skipped, problems }] of Object.entries(report)) {
    t.diagnostic(`${name}: ${run} tests, ${problems.length} failed`);
    assert.deepEqual(problems, []);
    assert.equal(skipped, 0);
    assert(run >= 15, `only ${run} tests`);
  }
  t.diagnostic(`we went over their directories ${passes} times, and pruned or cleaned for Glance ${calls} times`);
  assert(passes > report.BesideOurs.run && calls >= 4);
});

/** The `skip` of a test that runs upstream's: false, or the reason. */
function upstreamRefusal() {
  try {
    execFileSync(python, ['-c', 'import xattr, glance.tests.unit.test_image_cache'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'python3-glance, python3-xattr or what its tests need (python3-ddt, -fixtures, -testtools) is not installed';
  }
}
