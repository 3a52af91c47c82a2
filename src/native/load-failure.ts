import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NativeLoadError } from '../api/errors.ts';
import { hasCode, messageOf } from '../base/error-facts.ts';
import type { Libc } from './libc.ts';
import type { PackageFiles } from './package-files.ts';

/** Facts that decide which addon runs. */
export interface Runtime {
  readonly platform: string;
  readonly arch: string;
  /** C library, if it is known. */
  readonly libc: Libc | undefined;
  readonly node: string;
  readonly napi: string | undefined;
}

/** An addon that was found but did not load. */
export interface FailedAddon {
  readonly path: string;
  readonly cause: unknown;
}

/** Messages of the loaders of glibc and musl on a file system that is mounted noexec. */
const notExecutable = /failed to map segment|Operation not permitted/;
const libraryMissing = /\b(lib[\w+.-]+): (?:cannot open shared object file|No such file)/;

/** Returns the error for an addon that is missing or does not load. */
export function loadFailure(
  files: PackageFiles,
  runtime: Runtime,
  problem: string,
  remedy: string,
  cause?: unknown,
): NativeLoadError {
  const { platform, arch, libc, node, napi } = runtime;
  const facts = [`${platform}-${arch}`, libc, `Node.js ${node}`, `Node-API ${napi ?? 'unknown'}`];
  const message = [
    `xattr-cache cannot load its addon: ${problem}`,
    `  platform: ${facts.filter(Boolean).join(', ')}`,
    ...placesOf(files, runtime).map((place) => `  tried: ${place} (${contentOf(place)})`),
    `  remedy: ${remedy}`,
  ].join('\n');
  return new NativeLoadError(message, { cause });
}

/** Returns the error for a module outside its package. `root` is the expected place of the package. */
export function bundled(root: string | undefined, cause?: unknown): NativeLoadError {
  const where = root === undefined ? '' : ` (${root} is not it)`;
  const message = [
    `xattr-cache cannot load its addon: a bundler has taken its code out of the package${where}`,
    '  remedy: Declare xattr-cache external, and install it where the bundle runs. docs/bundlers.md shows how.',
  ].join('\n');
  return new NativeLoadError(message, { cause });
}

/** Returns the remedy for an addon that is missing, or for `failed`. */
export function remedyFor(files: PackageFiles, runtime: Runtime, failed?: FailedAddon): string {
  const { root } = files;
  if (hasCode(failed?.cause, 'ERR_DLOPEN_DISABLED')) {
    return 'Start Node.js without --no-addons, and with --allow-addons if it is started with --permission.';
  }
  if ([failed?.path ?? '', ...placesOf(files, runtime)].some(isUnreadable)) {
    return `Let the user of this process read the package: chmod -R a+rX "${root}"`;
  }
  const reason = messageOf(failed?.cause);
  if (notExecutable.test(reason)) {
    return `Install the package on a file system that is not mounted noexec (findmnt -T "${root}"), or permit it if a security module forbids it.`;
  }
  const [, library] = libraryMissing.exec(reason) ?? [];
  if (library !== undefined) return `Install the library ${library}.`;

  const install = failed
    ? 'The file is damaged, or for another kind of machine. Install the package on this machine anew'
    : 'If node_modules was copied from another machine, install the package on this one instead';
  if (!existsSync(join(root, 'binding.gyp'))) return `${install}, and whole.`;
  const command = `npx --yes node-gyp@12 rebuild --directory "${root}"`;
  return `${install}. Or build the addon, with Python 3, make and a C++20 compiler: ${command}`;
}

/** Returns the names of the addons in a directory; none if the directory cannot be read. */
function addonsIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.node'));
  } catch {
    return [];
  }
}

function placesOf({ built, prebuilds }: PackageFiles, { platform, arch }: Runtime): string[] {
  return [...built.map(dirname), join(prebuilds, `${platform}-${arch}`)];
}

function contentOf(directory: string): string {
  if (isUnreadable(directory)) return 'no permission to read it';
  return addonsIn(directory).join(', ') || 'no addon';
}

function isUnreadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return false;
  } catch (error) {
    return hasCode(error, 'EACCES');
  }
}
