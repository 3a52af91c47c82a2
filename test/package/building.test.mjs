// An addon that cannot be built is left out with a message, and fails the build if it was requested.

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

test('a build – cross compiler missing – leaves it out, names the package to install', () => {
  const [arch, compiler, debian] =
    process.arch === 'x64'
      ? ['arm64', 'aarch64-linux-gnu-g++', 'g++-aarch64-linux-gnu']
      : ['x64', 'x86_64-linux-gnu-g++', 'g++-x86-64-linux-gnu'];
  assert.deepEqual(buildPrebuilds(arch, { PATH: '' }), {
    status: 1,
    stderr: `linux-${arch} is left out: there is no ${compiler} (Debian: apt-get install ${debian})\n`,
  });
});

test('a build – unknown architecture – leaves it out', () => {
  assert.deepEqual(buildPrebuilds('riscv64', process.env), {
    status: 1,
    stderr: `linux-riscv64 is left out: linux-${process.arch} cannot build for it\n`,
  });
});

test('the prebuilds – built – are the only files in their directory', () => {
  const names = readdirSync(join(root, 'prebuilds'));
  assert.deepEqual(
    names.filter((name) => !/^((linux|darwin)-[\w+]+|README\.md)$/.test(name)),
    [],
  );
});
