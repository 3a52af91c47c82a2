// The same tarball on each runtime, and under emulation on arm64.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { projectWith } from './support/consumer.mjs';
import { root } from './support/tarball.mjs';
import { arm64Node, bun, deno, nodes } from './support/tools.mjs';

// From Debian's qemu-user-static, and the libraries of g++-aarch64-linux-gnu.
const qemu = ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu', arm64Node];
const needsQemu = spawnSync(qemu[0], ['--version']).error !== undefined && `needs ${qemu[0]}`;
const whereQemuIs = { path: [process.env.PATH] };

suite('the installed package – each runtime – works', () => {
  const runtimes = [
    ...nodes.map((node) => [versionOf([node]), [node]]),
    [`Bun ${versionOf([bun])}`, [bun]],
    [versionOf([deno]), [deno, 'run', '--allow-all']],
  ];
  for (const [name, launch] of runtimes) {
    test(`the package – ${name} – works`, async (t) => {
      const project = await projectWith(t);
      for (const script of ['import.mjs', 'require.cjs']) await smokes(project, launch, script);
    });
  }

  test(`${needsQemu ? 'Node.js' : versionOf(qemu)} – for arm64 – works`, { skip: needsQemu }, async (t) => {
    const project = await projectWith(t);
    assert.equal(project.run(qemu[0], [...qemu.slice(1), '-p', 'process.arch'], whereQemuIs), 'arm64\n');
    await smokes(project, qemu, 'import.mjs', whereQemuIs);
  });
});

test('the prebuilt addon for arm64 – emulated – passes the conformance suite', { skip: needsQemu }, async (t) => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  // The copy lacks the addon built in the checkout, which is not for arm64.
  const copy = await temporaryDirectory(t);
  for (const part of ['package.json', 'dist', 'prebuilds', 'test/driver', 'test/support']) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const { status, stdout } = spawnSync(qemu[0], [...qemu.slice(1), 'test/driver/xattr-driver.test.mjs'], {
    cwd: copy,
    encoding: 'utf8',
    env,
  });
  assert.equal(status, 0, stdout);
  assert(Number(stdout.match(/^# pass (\d+)$/m)[1]) > 300, stdout);
});

async function smokes(project, [program, ...args], script, options) {
  const printed = project.run(program, [...args, script, await project.emptyDirectory()], options);
  assert.equal(printed, 'all is well\n', script);
}

/** Returns the version that `--version` prints, without the platform. */
function versionOf([program, ...args]) {
  const { stdout } = spawnSync(program, [...args, '--version'], { encoding: 'utf8' });
  return stdout
    .match(/^[^(\n]*/)[0]
    .trim()
    .replace(/^v/, 'Node.js ');
}
