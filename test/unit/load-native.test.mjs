// Each way in which loading the addon can fail, and what the error then tells, on a directory that stands for the package.

import assert from 'node:assert/strict';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { NativeLoadError } from '../../dist/errors.js';
import { loadNative } from '../../dist/load-native.js';
import { temporaryDirectory } from '../support/temporary-directory.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { platform, arch } = process;
const prebuilds = join('prebuilds', `${platform}-${arch}`);
const here = { platform, arch, libc: 'glibc', node: '22.12.0', napi: '9' };

/** A package with files at these paths: the addon under test, or what is not one. */
async function packageWith(t, files) {
  const directory = await temporaryDirectory(t);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(directory, path, '..'), { recursive: true });
    if (content === 'addon') await copyFile(join(root, 'build/Release/xattr_cache.node'), join(directory, path));
    else await writeFile(join(directory, path), content);
  }
  return directory;
}

function failure(directory, runtime = {}) {
  try {
    loadNative(directory, { ...here, ...runtime });
  } catch (error) {
    assert(error instanceof NativeLoadError, error);
    assert.equal(error.code, 'ERR_NATIVE_LOAD');
    return error;
  }
  assert.fail('it was loaded');
}

test('what was built in the package is loaded, before what is prebuilt', async (t) => {
  const directory = await packageWith(t, {
    'build/Release/xattr_cache.node': 'addon',
    [`${prebuilds}/xattr-cache.glibc.node`]: 'broken',
  });
  assert.equal(typeof loadNative(directory).releaseSync, 'function');
});

test('what is prebuilt is loaded, if it is for this C library', async (t) => {
  const directory = await packageWith(t, {
    [`${prebuilds}/xattr-cache.glibc.node`]: 'addon',
    [`${prebuilds}/xattr-cache.musl.node`]: 'not for here',
  });
  assert.equal(typeof loadNative(directory, here).releaseSync, 'function');
  assert.equal(typeof loadNative(directory, { ...here, libc: undefined }).releaseSync, 'function');
});

test('on musl the addon for musl is loaded, also where node-gyp-build takes the one for glibc', async (t) => {
  const directory = await packageWith(t, {
    [`${prebuilds}/xattr-cache.glibc.node`]: 'not for here',
    [`${prebuilds}/xattr-cache.musl.node`]: 'addon',
  });
  assert.equal(typeof loadNative(directory, { ...here, libc: 'musl' }).releaseSync, 'function');
});

test('an addon for glibc is not loaded on musl', async (t) => {
  const directory = await packageWith(t, { [`${prebuilds}/xattr-cache.glibc.node`]: 'addon', 'binding.gyp': '' });
  const { message } = failure(directory, { libc: 'musl' });
  assert.match(message, /cannot load its addon: there is none for musl, only for glibc\n/);
  assert.match(message, new RegExp(`platform: ${platform}-${arch}, musl, Node.js 22.12.0, Node-API 9\n`));
  assert(message.includes(`npx --yes node-gyp@12 rebuild --directory "${directory}"`), message);
});

test('without any addon the error tells where it was looked for, and how to build one', async (t) => {
  const directory = await packageWith(t, { 'binding.gyp': '', 'prebuilds/aix-ppc64/xattr-cache.node': 'addon' });
  const { message, cause } = failure(directory);
  assert.match(message, /cannot load its addon: there is none for this platform\n/);
  for (const place of ['build/Release', 'build/Debug', prebuilds]) {
    assert(message.includes(`tried: ${join(directory, place)} (no addon)\n`), message);
  }
  assert(message.includes(`npx --yes node-gyp@12 rebuild --directory "${directory}"`), message);
  assert.match(cause.message, /No native build was found/);
});

test('without the sources the error does not tell to build them', async (t) => {
  const { message } = failure(await packageWith(t, {}));
  assert.match(
    message,
    /remedy: Install the package whole\. If a bundler has packed it, declare xattr-cache external\.$/,
  );
  assert.doesNotMatch(message, /node-gyp/);
});

test('an addon that cannot be loaded is named, with what the loader says', async (t) => {
  const directory = await packageWith(t, { [`${prebuilds}/xattr-cache.glibc.node`]: 'no addon', 'binding.gyp': '' });
  const { message, cause } = failure(directory);
  assert(message.includes(`cannot load its addon: ${cause.message}`), message);
  assert(message.includes(`tried: ${join(directory, prebuilds)} (xattr-cache.glibc.node)\n`), message);
  assert.equal(cause.code, 'ERR_DLOPEN_FAILED');
});

test('where addons are forbidden, the remedy is to allow them', async (t) => {
  const directory = await packageWith(t, { 'build/Release/xattr_cache.node': 'addon', 'binding.gyp': '' });
  const { dlopen } = process;
  t.after(() => (process.dlopen = dlopen));
  process.dlopen = () => {
    throw Object.assign(new Error('loading addons is disabled'), { code: 'ERR_DLOPEN_DISABLED' });
  };
  const { message } = failure(directory);
  assert.match(message, /remedy: Start Node\.js without --no-addons, and with --allow-addons/);
  assert.doesNotMatch(message, /node-gyp/);
});

test('an older Node-API is refused before anything is loaded', async (t) => {
  const directory = await packageWith(t, { 'build/Release/xattr_cache.node': 'addon' });
  for (const napi of ['8', undefined]) {
    const { message } = failure(directory, { napi, node: '18.0.0' });
    assert.match(message, /cannot load its addon: it needs Node-API 9\n/);
    assert.match(message, new RegExp(`Node.js 18.0.0, Node-API ${napi ?? 'unknown'}\n`));
    assert.match(message, /remedy: Use Node.js 20.19 or later, 22.12 or later\./);
  }
});

test('an unknown C library is left out', async (t) => {
  const { message } = failure(await packageWith(t, {}), { libc: undefined });
  assert.match(message, new RegExp(`platform: ${platform}-${arch}, Node.js`));
});
