import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { messageOf } from './error-facts.ts';
import { type Libc, ownLibc } from './libc.ts';
import { addonsIn, bundled, loadFailure, type Runtime, remedyFor } from './load-failure.ts';
import type { PackageFiles } from './package-files.ts';

const packageName = 'xattr-cache';
const neededNapiVersion = 9;

/**
 * Loads the addon of the package: one that was compiled in place, or else the prebuilt one for this platform.
 *
 * Nothing but a file of this package is ever loaded. In a bundle its paths lead into the application, which may have
 * addons of its own.
 *
 * @throws `NativeLoadError` with the platform, the places where an addon was looked for, and a remedy
 */
export function loadNative(findFiles: () => PackageFiles, runtime: Runtime = ownRuntime()): unknown {
  const files = locatePackage(findFiles);
  // An older Node crashes on loading such an addon, without a message.
  if (Number(runtime.napi ?? 0) < neededNapiVersion) {
    const remedy = 'Use Node.js 20.19 or later, 22.12 or later.';
    throw loadFailure(files, runtime, `it needs Node-API ${neededNapiVersion}`, remedy);
  }
  const path = findAddon(files, runtime);
  try {
    return createRequire(path)(path);
  } catch (cause) {
    throw loadFailure(files, runtime, messageOf(cause), remedyFor(files, runtime, { path, cause }), cause);
  }
}

/** @throws `NativeLoadError` if this module is in a bundle */
function locatePackage(findFiles: () => PackageFiles): PackageFiles {
  let files: PackageFiles | undefined;
  try {
    files = findFiles();
    const { name } = JSON.parse(readFileSync(join(files.root, 'package.json'), 'utf8'));
    if (name === packageName) return files;
  } catch (cause) {
    throw bundled(files?.root, cause);
  }
  throw bundled(files.root);
}

function findAddon(files: PackageFiles, runtime: Runtime): string {
  const { platform, arch, libc } = runtime;
  const directory = join(files.prebuilds, `${platform}-${arch}`);
  const prebuilt = prebuiltNames(platform, libc).map((name) => join(directory, name));
  const path = [...files.built, ...prebuilt].find((each) => existsSync(each));
  if (path !== undefined) return path;

  const others = addonsIn(directory).join(', ');
  const problem = others === '' ? 'there is none for this platform' : `there is none for ${libc}, only ${others}`;
  throw loadFailure(files, runtime, problem, remedyFor(files, runtime));
}

/** As `prebuildify --tag-libc` names them. Where the C library is unknown, the first that is there has to do. */
function prebuiltNames(platform: string, libc: Libc | undefined): string[] {
  if (platform !== 'linux') return ['xattr-cache.node'];
  return (libc ? [libc] : ['glibc', 'musl']).map((tag) => `xattr-cache.${tag}.node`);
}

function ownRuntime(): Runtime {
  const { platform, arch } = process;
  const { node, napi } = process.versions;
  return { platform, arch, libc: ownLibc(), node, napi };
}
