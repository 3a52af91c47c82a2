// An addon that cannot be built is left out aloud, and is a failure if it was asked for.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from './support/tarball.mjs';

function buildPrebuilds(arch, env) {
  const args = ['tools/build-prebuilds.mjs', '--arch', arch];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env });
  return { status, stderr };
}

test('without its cross compiler an architecture is left out, and it is said what to install', () => {
  const [arch, compiler, debian] =
    process.arch === 'x64'
      ? ['arm64', 'aarch64-linux-gnu-g++', 'g++-aarch64-linux-gnu']
      : ['x64', 'x86_64-linux-gnu-g++', 'g++-x86-64-linux-gnu'];
  assert.deepEqual(buildPrebuilds(arch, { PATH: '' }), {
    status: 1,
    stderr: `linux-${arch} is left out: there is no ${compiler} (Debian: apt-get install ${debian})\n`,
  });
});

test('an architecture that nothing is known of is left out', () => {
  assert.deepEqual(buildPrebuilds('riscv64', process.env), {
    status: 1,
    stderr: `linux-riscv64 is left out: linux-${process.arch} cannot build for it\n`,
  });
});

test('building leaves nothing else behind', () => {
  const names = readdirSync(join(root, 'prebuilds'));
  assert.deepEqual(
    names.filter((name) => !/^((linux|darwin)-[\w+]+|README\.md)$/.test(name)),
    [],
  );
});
