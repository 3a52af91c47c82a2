// The tarball works in an empty project, installed by each package manager.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { packageManagers, projectWith } from './support/consumer.mjs';
import { root } from './support/tarball.mjs';
import { yarn } from './support/tools.mjs';

for (const packageManager of packageManagers) {
  test(`the package – installed by ${packageManager}, no scripts or compiler – works`, async (t) => {
    const project = await projectWith(t, packageManager);
    const launch = packageManager === 'yarn, Plug’n’Play' ? [yarn, 'node'] : [];
    for (const script of ['import.mjs', 'require.cjs']) {
      const printed = project.run(process.execPath, [...launch, script, await project.emptyDirectory()]);
      assert.equal(printed, 'all is well\n', script);
    }
  });
}

test('the README’s first example – run – prints what its comments say', async (t) => {
  const project = await projectWith(t);
  const [, example] = readFileSync(join(root, 'README.md'), 'utf8').match(/```js\n(.*?)```/s);
  const promised = [...example.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, output]) => output);
  assert(promised.length > 0);
  writeFileSync(join(project.directory, 'example.mjs'), example);
  assert.equal(project.run('node', ['example.mjs']), `${promised.join('\n')}\n`);
});

test('the installed command line – put and get – returns the same bytes', async (t) => {
  const project = await projectWith(t);
  const command = join(project.directory, 'node_modules', '.bin', 'xattr-cache');
  const dir = await project.emptyDirectory();
  project.run(command, ['put', 'image', '-', '--dir', dir], { input: 'bytes' });
  assert.equal(project.run(command, ['get', 'image', '--dir', dir]), 'bytes');
});
