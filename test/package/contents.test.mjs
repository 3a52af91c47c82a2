// What the tarball carries: all that is needed, nothing else, and not more of it than it should.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { root, tarball } from './support/tarball.mjs';
import { attw, publint } from './support/tools.mjs';

// 596 KiB and 1.73 MiB as this is written, two thirds of it two addons; the rest is for addons for musl and macOS.
const largestTarball = 1.5 * 2 ** 20;
const largestUnpacked = 4 * 2 ** 20;

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

test('the files are those of package-files.txt, what is compiled from src, and native', () => {
  const committed = readFileSync(new URL('package-files.txt', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const compiled = filesIn('src').flatMap((path) => ['.d.ts', '.js'].map((end) => path.replace(/\.ts$/, end)));
  const expected = [
    ...committed,
    ...compiled.map((path) => `dist/${path}`),
    ...filesIn('native').map((path) => `native/${path}`),
  ];
  // CI adds those of other platforms.
  const isFurther = (path) => /^prebuilds\/(linux-\w+\/.*\.musl|darwin-[\w+]+\/[\w-]+)\.node$/.test(path);
  assert.deepEqual(tarball.files.filter((path) => !isFurther(path)).sort(), expected.sort());
});

test('the package is not larger than it should be', (t) => {
  const { size, unpackedSize } = tarball;
  t.diagnostic(`${size} bytes, unpacked ${unpackedSize}`);
  assert(size <= largestTarball, `the tarball has ${size} bytes`);
  assert(unpackedSize <= largestUnpacked, `unpacked it has ${unpackedSize} bytes`);
});

test('nothing compiled refers to a file that is not there', () => {
  for (const path of tarball.files.filter((name) => name.startsWith('dist/'))) {
    const text = readFileSync(join(root, path), 'utf8');
    assert.doesNotMatch(text, /sourceMappingURL/, path);
    for (const [, target] of text.matchAll(/(?:\bfrom |\bimport\()'(\.\.?\/[^']+)'/g)) {
      // Declarations name the source, for which TypeScript takes its declarations.
      const resolved = join(path, '..', target).replace(/(?<!\.d)\.ts$/, '.d.ts');
      assert(tarball.files.includes(resolved), `${path} imports ${target}`);
    }
  }
});

test('what is imported is a dependency, and each dependency is imported', () => {
  const imported = new Set();
  for (const path of tarball.files.filter((name) => name.endsWith('.js'))) {
    const text = readFileSync(join(root, path), 'utf8');
    for (const [, name] of text.matchAll(/(?:\bfrom |\bimport\(|\brequire\()'([^.'][^']*)'/g)) imported.add(name);
  }
  const packages = [...imported].filter((name) => !name.startsWith('node:'));
  // node-addon-api is what building from source needs.
  assert.deepEqual([...packages, 'node-addon-api'].sort(), Object.keys(manifest.dependencies).sort());
});

test('nothing is run where it is installed', () => {
  const names = Object.keys(manifest.scripts);
  assert.deepEqual(
    names.filter((name) => /^(pre|post)?install$/.test(name)),
    [],
  );
  assert.equal(manifest.gypfile, false);
});

test('npm pack fails without the prebuilt addons, and says how to build them', async (t) => {
  const directory = await temporaryDirectory(t);
  for (const part of ['package.json', 'tools']) cpSync(join(root, part), join(directory, part), { recursive: true });
  const { status, stderr } = spawnSync('npm', ['pack', '--dry-run'], { cwd: directory, encoding: 'utf8' });
  assert.notEqual(status, 0);
  for (const arch of ['x64', 'arm64']) {
    assert.match(
      stderr,
      new RegExp(`prebuilds/linux-${arch}/xattr-cache\\.glibc\\.node is missing: npm run build:prebuilds`),
    );
  }
});

test('publint finds nothing', () => {
  execFileSync(process.execPath, [publint, 'run', '--strict', tarball.path], { encoding: 'utf8' });
});

test('are the types wrong? They are not', () => {
  // That a require finds a module is wrong for older Nodes than are supported.
  const args = [attw, '--ignore-rules', 'cjs-resolves-to-esm', '--format', 'table', tarball.path];
  execFileSync(process.execPath, args, { encoding: 'utf8' });
});

function filesIn(directory) {
  return readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + directory.length + 1));
}
