import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';

import { messageOf } from '../base/error-facts.ts';
import { ownLibc } from './libc.ts';
import { bundled, loadFailure, type Runtime, remedyFor } from './load-failure.ts';
import type { PackageFiles } from './package-files.ts';

/** The part of `node-gyp-build` that is used here. */
interface NodeGypBuild {
  /** Returns the path of the addon of a package: one compiled in place, or else a prebuilt one. */
  resolve(packageRoot: string): string;
}

const packageName = 'xattr-cache';
const neededNapiVersion = 9;
/** Names that `node-gyp` and `prebuildify` give to the addon. */
const ownAddon = /^xattr[-_]cache\b.*\.node$/;

/**
 * Loads the addon of the package: one that was compiled in place, or else the prebuilt one for this platform.
 *
 * Loads files of this package only. In a bundle its paths lead into the application, which may have addons of its own.
 *
 * @throws `NativeLoadError` with the platform, the places that were tried, and a remedy
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

/** Returns the paths of the package. @throws `NativeLoadError` if this module is in a bundle */
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
  const none = (cause?: unknown) =>
    loadFailure(files, runtime, 'there is none for this platform', remedyFor(files, runtime), cause);
  let path: string;
  try {
    path = nodeGypBuild().resolve(files.root);
  } catch (cause) {
    throw none(cause);
  }
  // It also tries the directory of the running program, which may contain addons of other packages.
  if (!ownAddon.test(basename(path))) throw none();
  // node-gyp-build looks for musl on Alpine only. An addon for another C library may well load, and fail later.
  const { libc } = runtime;
  const tag = /\.(glibc|musl)\.node$/.exec(path)?.[1];
  if (tag === undefined || libc === undefined || tag === libc) return path;
  const ours = path.replace(/\w+\.node$/, `${libc}.node`);
  if (existsSync(ours)) return ours;
  throw loadFailure(files, runtime, `there is none for ${libc}, only for ${tag}`, remedyFor(files, runtime));
}

/** Loads node-gyp-build lazily, because a bundle has none. */
function nodeGypBuild(): NodeGypBuild {
  const require = createRequire(import.meta.url);
  return require('node-gyp-build');
}

function ownRuntime(): Runtime {
  const { platform, arch } = process;
  const { node, napi } = process.versions;
  return { platform, arch, libc: ownLibc(), node, napi };
}
