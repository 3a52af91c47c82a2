// The error for a user without a matching addon, and the remedy that it names.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { projectWith } from './support/consumer.mjs';
import { nodes } from './support/tools.mjs';

const [, , node24] = nodes;
const throwsWhat = "import('xattr-cache').catch(({ name, code, message }) => console.log(name, code, message))";

test('the error – no addon for the platform – names platform, paths and remedy', async (t) => {
  const project = await projectWith(t);
  rmSync(join(project.installed, 'prebuilds'), { recursive: true });

  const printed = project.run('node', ['-e', throwsWhat]);
  const { node, napi } = process.versions;
  const lines = [
    'NativeLoadError ERR_NATIVE_LOAD xattr-cache cannot load its addon: there is none for this platform',
    `  platform: ${process.platform}-${process.arch}, glibc, Node.js ${node}, Node-API ${napi}`,
    `  tried: ${project.installed}/build/Release (no addon)`,
    `  tried: ${project.installed}/build/Debug (no addon)`,
    `  tried: ${project.installed}/prebuilds/${process.platform}-${process.arch} (no addon)`,
  ];
  assert.equal(printed.split('\n').slice(0, lines.length).join('\n'), lines.join('\n'));

  const command = join(project.directory, 'node_modules', '.bin', 'xattr-cache');
  const put = ['put', 'image', join(project.directory, 'package.json'), '--dir', await project.emptyDirectory()];
  const { status, stderr } = project.attempt(command, put);
  assert.equal(status, 1);
  assert.equal(`NativeLoadError ERR_NATIVE_LOAD ${stderr}`, printed);
});

test('the error’s build command – run – builds an addon that works', async (t) => {
  const project = await projectWith(t);
  rmSync(join(project.installed, 'prebuilds'), { recursive: true });
  const [, command] = project
    .run('node', ['-e', throwsWhat])
    .match(/remedy: .* Or build the addon, with .*: (npx .*)$/m);

  project.run('sh', ['-c', command], { path: [process.env.PATH], env: { JOBS: '2' } });

  assert.equal(project.run('node', ['import.mjs', await project.emptyDirectory()]), 'all is well\n');
});

test('the error – addons forbidden – names the option that allows them', async (t) => {
  const project = await projectWith(t);
  const expected = /^NativeLoadError ERR_NATIVE_LOAD .*remedy: Start Node\.js without --no-addons/s;
  assert.match(project.run('node', ['--no-addons', '-e', throwsWhat]), expected);
  const permissions = ['--permission', '--allow-fs-read=*'];
  assert.match(project.run(node24, [...permissions, '-e', throwsWhat]), expected);
  const allowed = [
    ...permissions,
    '--allow-addons',
    '--allow-fs-write=*',
    'import.mjs',
    await project.emptyDirectory(),
  ];
  assert.equal(project.run(node24, allowed), 'all is well\n');
});
