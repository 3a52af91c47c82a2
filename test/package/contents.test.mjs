// The content of the tarball: everything that is needed, nothing else, within a size.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { root, tarball } from './support/tarball.mjs';
import { attw, publint } from './support/tools.mjs';

// The sizes were 596 KiB and 1.73 MiB when this was written, two thirds of them two addons. The rest is a reserve for
// addons for musl and macOS.
const largestTarball = 1.5 * 2 ** 20;
const largestUnpacked = 4 * 2 ** 20;

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

test('the tarball – packed – has the listed files, compiled src and native', () => {
  const committed = readFileSync(new URL('package-files.txt', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const compiled = filesIn('src').flatMap((path) => ['.d.ts', '.js'].map((end) => path.replace(/\.ts$/, end)));
  const expected = [
    ...committed,
    ...compiled.map((path) => `dist/${path}`),
    ...filesIn('native').map((path) => `native/${path}`),
  ];
  // CI adds the addons of other platforms.
  const isFurther = (path) => /^prebuilds\/(linux-\w+\/.*\.musl|darwin-[\w+]+\/[\w-]+)\.node$/.test(path);
  assert.deepEqual(tarball.files.filter((path) => !isFurther(path)).sort(), expected.sort());
});

test('the tarball – packed and unpacked – is within its limits', (t) => {
  const { size, unpackedSize } = tarball;
  t.diagnostic(`${size} bytes, unpacked ${unpackedSize}`);
  assert(size <= largestTarball, `the tarball has ${size} bytes`);
  assert(unpackedSize <= largestUnpacked, `unpacked it has ${unpackedSize} bytes`);
});

test('the compiled files – their imports – name existing files, no source maps', () => {
  for (const path of tarball.files.filter((name) => name.startsWith('dist/'))) {
    const text = readFileSync(join(root, path), 'utf8');
    assert.doesNotMatch(text, /sourceMappingURL/, path);
    for (const [, target] of text.matchAll(/(?:\bfrom |\bimport\()'(\.\.?\/[^']+)'/g)) {
      // Declarations import the source file, for which TypeScript reads the declaration file.
      const resolved = join(path, '..', target).replace(/(?<!\.d)\.ts$/, '.d.ts');
      assert(tarball.files.includes(resolved), `${path} imports ${target}`);
    }
  }
});

test('the dependencies – compared with the imports – are the same packages', () => {
  const imported = new Set();
  for (const path of tarball.files.filter((name) => name.endsWith('.js'))) {
    const text = readFileSync(join(root, path), 'utf8');
    for (const [, name] of text.matchAll(/(?:\bfrom |\bimport\(|\brequire\()'([^.'][^']*)'/g)) imported.add(name);
  }
  const packages = [...imported].filter((name) => !name.startsWith('node:'));
  // A build from source needs node-addon-api.
  assert.deepEqual([...packages, 'node-addon-api'].sort(), Object.keys(manifest.dependencies).sort());
});

test('the manifest – installed – runs no script', () => {
  const names = Object.keys(manifest.scripts);
  assert.deepEqual(
    names.filter((name) => /^(pre|post)?install$/.test(name)),
    [],
  );
  assert.equal(manifest.gypfile, false);
});

test('npm pack – prebuilt addons missing – fails, names the build command', async (t) => {
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

test('the tarball – checked by publint – has no finding', () => {
  execFileSync(process.execPath, [publint, 'run', '--strict', tarball.path], { encoding: 'utf8' });
});

test('the tarball – checked by Are the types wrong? – has no finding', () => {
  // The ignored rule is about Node.js versions older than the supported ones, which cannot require() a module.
  const args = [attw, '--ignore-rules', 'cjs-resolves-to-esm', '--format', 'table', tarball.path];
  // The resolution of Node.js 10 knows no `exports`, and so no entry point beside the main one.
  for (const entries of [
    ['--exclude-entrypoints', 'conformance'],
    ['--entrypoints', 'conformance', '--profile', 'node16'],
  ]) {
    execFileSync(process.execPath, [...args, ...entries], { encoding: 'utf8' });
  }
});

function filesIn(directory) {
  return readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + directory.length + 1));
}
