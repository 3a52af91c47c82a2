// The package in the output of bundlers and tracers: it works if it is external, and otherwise reports a clear error.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';

import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { projectWith } from './support/consumer.mjs';
import './support/tools.mjs';

const require = createRequire(import.meta.url);
const { rollup } = require('rollup');
const commonjs = require('@rollup/plugin-commonjs');
const { nodeResolve } = require('@rollup/plugin-node-resolve');
const esbuild = require('esbuild');
const webpack = require('webpack');
const { nodeFileTrace } = require('@vercel/nft');

/** Bundles `entry` into one file, with the package in it or external. */
const bundlers = {
  'esbuild, ES modules': (entry, outfile, external) => withEsbuild('esm', entry, outfile, external),
  'esbuild, CommonJS': (entry, outfile, external) => withEsbuild('cjs', entry, outfile, external),
  'Rollup, ES modules': (entry, file, external) => withRollup('es', entry, file, external),
  'Rollup, CommonJS': (entry, file, external) => withRollup('cjs', entry, file, external),
  'webpack, ES modules': (entry, file, external) =>
    withWebpack(entry, file, external && 'module xattr-cache', {
      experiments: { outputModule: true },
      output: { module: true, chunkFormat: 'module' },
    }),
  'webpack, CommonJS': (entry, file, external) => withWebpack(entry, file, external && 'node-commonjs xattr-cache'),
};

const application = `
  import { XattrDriver } from 'xattr-cache';
  const driver = await XattrDriver.open({ dir: process.argv[2] });
  await driver.writeImage('image', Buffer.from('bytes'));
  console.log(String(await driver.readImage('image')));
  await driver.close();`;
// CommonJS has no top-level `await`.
const wrapped = application.replace(/(?<=;\n)(.*)$/s, '(async () => {$1})();');

const external = 'package external – works';
const inside = 'package bundled – one clear error, loads no addon';

test('an application – bundled or traced – works, or reports a clear error', async (t) => {
  const { directory } = await projectWith(t);
  for (const [name, bundle] of Object.entries(bundlers)) {
    const isModule = name.endsWith('modules');
    const entry = join(directory, isModule ? 'app.mjs' : 'app.cjs.mjs');
    writeFileSync(entry, isModule ? application : wrapped);
    const fileName = isModule ? 'app.mjs' : 'app.cjs';

    await t.test(`${name} – ${external}`, async (t) => {
      const file = join(directory, name.replace(/\W+/g, '-'), fileName);
      await bundle(entry, file, true);
      assert.deepEqual(runNode(file, await temporaryDirectory(t)), { status: 0, stdout: 'bytes\n', stderr: '' });
    });

    await t.test(`${name} – ${inside}`, async (t) => {
      // Like another machine, with addons of the application. Loading one of them would give another error.
      const elsewhere = await temporaryDirectory(t);
      writeFileSync(join(elsewhere, 'package.json'), '{ "name": "application" }');
      for (const place of ['', 'dist', 'dist/server']) writeOtherAddon(join(elsewhere, place, 'build', 'Release'));
      const file = join(elsewhere, 'dist', 'server', fileName);
      await bundle(entry, file, false);

      const { status, stdout, stderr } = runNode(file, await temporaryDirectory(t));
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, /code: 'ERR_NATIVE_LOAD'/);
      assert.match(stderr, /xattr-cache cannot load its addon: a bundler has taken its code out of/);
      assert.match(stderr, /remedy: Declare xattr-cache external/);
    });
  }

  await t.test('@vercel/nft – application traced – includes the addons, works elsewhere', async (t) => {
    const base = directory;
    const { fileList, warnings } = await nodeFileTrace([join(base, 'app.mjs')], { base });
    assert.deepEqual([...warnings], []);
    const addons = [...fileList].filter((path) => path.endsWith('.node'));
    for (const platform of ['linux-arm64', 'linux-x64']) {
      assert(addons.includes(`node_modules/xattr-cache/prebuilds/${platform}/xattr-cache.glibc.node`), addons.join());
    }

    const elsewhere = await temporaryDirectory(t);
    for (const path of fileList) cpSync(join(base, path), join(elsewhere, path));
    const printed = runNode(join(elsewhere, 'app.mjs'), await temporaryDirectory(t));
    assert.deepEqual(printed, { status: 0, stdout: 'bytes\n', stderr: '' });
  });
});

/** Runs a file in its directory, with a cache in `dir`. */
function runNode(file, dir) {
  const options = { cwd: dirname(file), encoding: 'utf8' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', file, dir], options);
  return { status, stdout, stderr };
}

function writeOtherAddon(directory) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'other.node'), 'an addon of the application');
}

async function withEsbuild(format, entry, outfile, external) {
  const options = { entryPoints: [entry], outfile, format, bundle: true, platform: 'node', logLevel: 'silent' };
  await esbuild.build({ ...options, external: external ? ['xattr-cache'] : [] });
}

async function withRollup(format, input, file, external) {
  const plugins = [nodeResolve(), commonjs()];
  const build = await rollup({ input, plugins, external: external ? ['xattr-cache'] : [], onwarn: () => {} });
  await build.write({ file, format, inlineDynamicImports: true });
  await build.close();
}

async function withWebpack(entry, file, external, { output, ...options } = {}) {
  const compiler = webpack({
    mode: 'production',
    optimization: { minimize: false },
    target: 'node20',
    entry,
    output: { path: dirname(file), filename: basename(file), ...output },
    ...(external && { externals: { 'xattr-cache': external } }),
    ...options,
  });
  const stats = await new Promise((resolve, reject) => {
    compiler.run((error, result) => (error ? reject(error) : resolve(result)));
  });
  assert.deepEqual(stats.toJson({ all: false, errors: true }).errors, []);
}
