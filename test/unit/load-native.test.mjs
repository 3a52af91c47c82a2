// Each way in which loading the addon can fail, and what the error then tells, on a directory that stands for the package.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { NativeLoadError } from '../../dist/api/errors.js';
import { loadNative } from '../../dist/native/load-native.js';
import { mountFresh, needsMount } from '../support/mounts.mjs';
import { needsOtherUsers, stranger } from '../support/other-users.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const { platform, arch } = process;
const prebuilds = join('prebuilds', `${platform}-${arch}`);
const here = { platform, arch, libc: 'glibc', node: '22.12.0', napi: '9' };

/** A package with files at these paths: the addon under test, or what is not one. */
async function packageWith(t, files) {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, 'package.json'), '{ "name": "xattr-cache" }');
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(directory, path, '..'), { recursive: true });
    if (content === 'addon') await copyFile(join(checkout, 'build/Release/xattr_cache.node'), join(directory, path));
    else await writeFile(join(directory, path), content);
  }
  return directory;
}

/** Where the package in `root` has its parts. */
const filesIn = (root) => () => ({
  root,
  built: ['Release', 'Debug'].map((mode) => join(root, 'build', mode, 'xattr_cache.node')),
  prebuilds: join(root, 'prebuilds'),
});

function load(directory, runtime = here) {
  return loadNative(filesIn(directory), runtime);
}

function failure(directory, runtime = {}) {
  try {
    load(directory, { ...here, ...runtime });
  } catch (error) {
    assert(error instanceof NativeLoadError, error);
    assert.equal(error.code, 'ERR_NATIVE_LOAD');
    return error;
  }
  assert.fail('it was loaded');
}

/** The failure where the system's loader throws `error`. */
function failureOfDlopen(t, directory, error) {
  const dlopen = t.mock.method(process, 'dlopen', () => {
    throw error;
  });
  try {
    return failure(directory);
  } finally {
    dlopen.mock.restore();
  }
}

test('an addon – compiled and prebuilt – the compiled one is loaded', async (t) => {
  const directory = await packageWith(t, {
    'build/Release/xattr_cache.node': 'addon',
    [`${prebuilds}/xattr-cache.glibc.node`]: 'broken',
  });
  assert.equal(typeof load(directory).releaseSync, 'function');
});

test('an addon – prebuilt for this C library – is loaded', async (t) => {
  const directory = await packageWith(t, {
    [`${prebuilds}/xattr-cache.glibc.node`]: 'addon',
    [`${prebuilds}/xattr-cache.musl.node`]: 'not for here',
  });
  assert.equal(typeof load(directory, here).releaseSync, 'function');
  assert.equal(typeof load(directory, { ...here, libc: undefined }).releaseSync, 'function');
});

test('an addon – on musl, with one for glibc beside it – the one for musl is loaded', async (t) => {
  const directory = await packageWith(t, {
    [`${prebuilds}/xattr-cache.glibc.node`]: 'not for here',
    [`${prebuilds}/xattr-cache.musl.node`]: 'addon',
  });
  assert.equal(typeof load(directory, { ...here, libc: 'musl' }).releaseSync, 'function');
});

test('an addon – for glibc, on musl – is not loaded', async (t) => {
  const directory = await packageWith(t, { [`${prebuilds}/xattr-cache.glibc.node`]: 'addon', 'binding.gyp': '' });
  const { message } = failure(directory, { libc: 'musl' });
  assert.match(message, /cannot load its addon: there is none for musl, only for glibc\n/);
  assert.match(message, new RegExp(`platform: ${platform}-${arch}, musl, Node.js 22.12.0, Node-API 9\n`));
  assert(message.includes(`npx --yes node-gyp@12 rebuild --directory "${directory}"`), message);
});

test('an addon – none found – the error lists the paths and how to build one', async (t) => {
  const directory = await packageWith(t, { 'binding.gyp': '', 'prebuilds/aix-ppc64/xattr-cache.node': 'addon' });
  const { message, cause } = failure(directory);
  assert.match(message, /cannot load its addon: there is none for this platform\n/);
  assert.match(cause.message, /No native build was found/);
  for (const place of ['build/Release', 'build/Debug', prebuilds]) {
    assert(message.includes(`tried: ${join(directory, place)} (no addon)\n`), message);
  }
  assert(message.includes(`npx --yes node-gyp@12 rebuild --directory "${directory}"`), message);
});

test('an addon – none found, no sources – the error does not mention building', async (t) => {
  const { message } = failure(await packageWith(t, {}));
  assert.match(message, /remedy: If node_modules was copied .*, install the package on this one instead, and whole\.$/);
  assert.doesNotMatch(message, /node-gyp|bundler/);
});

test('an addon – damaged – the remedy blames the file, and no bundler', async (t) => {
  for (const [content, reason] of [
    ['', /file too short/],
    ['\x7fELF, and nothing of one', /invalid ELF header|file too short/],
  ]) {
    const directory = await packageWith(t, { 'build/Release/xattr_cache.node': content, 'binding.gyp': '' });
    const { message } = failure(directory);
    assert.match(message, reason);
    assert.match(message, /remedy: The file is damaged, or for another kind of machine\. .* npx --yes node-gyp@12/);
    assert.doesNotMatch(message, /bundler/);
  }
});

test('an addon – of another architecture – the remedy is to install on this machine', async (t) => {
  const directory = await packageWith(t, { 'build/Release/xattr_cache.node': 'addon' });
  const machineField = 18; // e_machine, elf(5)
  const file = await open(join(directory, 'build/Release/xattr_cache.node'), 'r+');
  await file.write(Buffer.from([0xf3]), 0, 1, machineField); // RISC-V
  await file.close();
  const { message } = failure(directory);
  assert.match(
    message,
    /remedy: The file is damaged, or for another kind of machine\. Install the package on this machine/,
  );
});

test('an addon – file system that forbids programs – the remedy names noexec', { skip: needsMount }, async (t) => {
  const directory = await packageWith(t, { 'build/Release/xattr_cache.node': 'addon', 'binding.gyp': '' });
  const mounted = await mountFresh(t, 'tmpfs', 'noexec');
  await cp(directory, mounted, { recursive: true });
  const { message } = failure(mounted);
  assert(
    message.includes(
      `remedy: Install the package on a file system that is not mounted noexec (findmnt -T "${mounted}")`,
    ),
  );
});

test('an addon – a library is missing – the remedy names the library', async (t) => {
  const directory = await packageWith(t, { 'build/Release/xattr_cache.node': 'addon', 'binding.gyp': '' });
  for (const reason of [
    'libstdc++.so.6: cannot open shared object file: No such file or directory',
    `Error loading shared library libstdc++.so.6: No such file or directory (needed by ${directory}/xattr_cache.node)`,
  ]) {
    const { message } = failureOfDlopen(t, directory, new Error(reason));
    assert.match(message, /remedy: Install the library libstdc\+\+\.so\.6\.$/);
  }
});

test('an addon – no permission to read – the remedy is the permission', { skip: needsOtherUsers }, async (t) => {
  for (const forbidden of [`${prebuilds}/xattr-cache.glibc.node`, prebuilds]) {
    const directory = await packageWith(t, { [`${prebuilds}/xattr-cache.glibc.node`]: 'addon', 'binding.gyp': '' });
    await chmod(directory, 0o755);
    await chmod(join(directory, forbidden), 0o700);
    const script = `
      import { loadNative } from ${JSON.stringify(join(checkout, 'dist/native/load-native.js'))};
      const files = { root: '${directory}', built: [], prebuilds: '${directory}/prebuilds' };
      try { loadNative(() => files); } catch ({ message }) { console.log(message); }`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      ...stranger,
      cwd: '/',
      encoding: 'utf8',
    });
    assert(
      stdout.endsWith(`remedy: Let the user of this process read the package: chmod -R a+rX "${directory}"\n`),
      stdout,
    );
  }
});

test('an addon – code moved out of its package – not loaded, the remedy is external', async (t) => {
  const directory = await packageWith(t, { 'build/Release/xattr_cache.node': 'addon', 'binding.gyp': '' });
  const asked = [
    ['{ "name": "an-application" }', filesIn(directory)],
    ['{ broken', filesIn(directory)],
    ['{ "name": "xattr-cache" }', () => filesIn(fileURLToPath(new URL('..', undefined)))],
  ];
  for (const [manifest, findFiles] of asked) {
    await writeFile(join(directory, 'package.json'), manifest);
    assert.throws(
      () => loadNative(findFiles, here),
      (error) => {
        assert(error instanceof NativeLoadError);
        assert.match(
          error.message,
          /^xattr-cache cannot load its addon: a bundler has taken its code out of the package/,
        );
        assert.match(error.message, /remedy: Declare xattr-cache external/);
        return true;
      },
    );
  }
});

test('an addon – of another name beside the compiled one – is not loaded', async (t) => {
  const directory = await packageWith(t, { 'build/Release/other.node': 'addon' });
  assert.match(failure(directory).message, /there is none for this platform\n/);
});

test('an addon – cannot be loaded – is named, with the loader’s message', async (t) => {
  const directory = await packageWith(t, { [`${prebuilds}/xattr-cache.glibc.node`]: 'no addon', 'binding.gyp': '' });
  const { message, cause } = failure(directory);
  assert(message.includes(`cannot load its addon: ${cause.message}`), message);
  assert(message.includes(`tried: ${join(directory, prebuilds)} (xattr-cache.glibc.node)\n`), message);
  assert.equal(cause.code, 'ERR_DLOPEN_FAILED');
});

test('an addon – addons are forbidden – the remedy is to allow them', async (t) => {
  const directory = await packageWith(t, { 'build/Release/xattr_cache.node': 'addon', 'binding.gyp': '' });
  const disabled = Object.assign(new Error('loading addons is disabled'), { code: 'ERR_DLOPEN_DISABLED' });
  const { message } = failureOfDlopen(t, directory, disabled);
  assert.match(message, /remedy: Start Node\.js without --no-addons, and with --allow-addons/);
  assert.doesNotMatch(message, /node-gyp/);
});

test('an addon – older Node-API – is refused before anything is loaded', async (t) => {
  const directory = await packageWith(t, { 'build/Release/xattr_cache.node': 'addon' });
  for (const napi of ['8', undefined]) {
    const { message } = failure(directory, { napi, node: '18.0.0' });
    assert.match(message, /cannot load its addon: it needs Node-API 9\n/);
    assert.match(message, new RegExp(`Node.js 18.0.0, Node-API ${napi ?? 'unknown'}\n`));
    assert.match(message, /remedy: Use Node.js 20.19 or later, 22.12 or later\./);
  }
});

test('an addon – unknown C library – the path has none', async (t) => {
  const { message } = failure(await packageWith(t, {}), { libc: undefined });
  assert.match(message, new RegExp(`platform: ${platform}-${arch}, Node.js`));
});
