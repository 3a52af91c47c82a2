import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { NativeLoadError } from './errors.ts';
import { type Libc, ownLibc } from './libc.ts';

/** What decides which addon runs. */
export interface Runtime {
  readonly platform: string;
  readonly arch: string;
  /** Undefined if it cannot be told. */
  readonly libc: Libc | undefined;
  readonly node: string;
  readonly napi: string | undefined;
}

type NodeGypBuild = { resolve(packageRoot: string): string };

const neededNapiVersion = 9;
const require = createRequire(import.meta.url);

/**
 * Loads the addon of the package in `root`: what was built there, or else the prebuilt one for this platform.
 *
 * @throws {@link NativeLoadError} that tells what was looked for, and what to do.
 */
export function loadNative(root: string, runtime: Runtime = ownRuntime()): unknown {
  // An older Node crashes on loading such an addon, without a message.
  if (Number(runtime.napi ?? 0) < neededNapiVersion) {
    const remedy = 'Use Node.js 20.19 or later, 22.12 or later.';
    throw failure(root, runtime, `it needs Node-API ${neededNapiVersion}`, [remedy]);
  }
  const path = findAddon(root, runtime);
  try {
    return require(path);
  } catch (cause) {
    throw failure(root, runtime, messageOf(cause), remediesFor(root, cause), cause);
  }
}

function findAddon(root: string, runtime: Runtime): string {
  let path: string;
  try {
    path = (require('node-gyp-build') as NodeGypBuild).resolve(root);
  } catch (cause) {
    throw failure(root, runtime, 'there is none for this platform', remediesFor(root, cause), cause);
  }
  // node-gyp-build looks for musl on Alpine only. An addon for another C library may well load, and fail later.
  const tag = /\.(glibc|musl)\.node$/.exec(path)?.[1];
  if (tag === undefined || runtime.libc === undefined || tag === runtime.libc) return path;
  const ours = path.replace(/\w+\.node$/, `${runtime.libc}.node`);
  if (existsSync(ours)) return ours;
  throw failure(root, runtime, `there is none for ${runtime.libc}, only for ${tag}`, remediesFor(root));
}

function ownRuntime(): Runtime {
  const { platform, arch } = process;
  const { node, napi } = process.versions;
  return { platform, arch, libc: ownLibc(), node, napi };
}

function failure(
  root: string,
  runtime: Runtime,
  problem: string,
  remedies: string[],
  cause?: unknown,
): NativeLoadError {
  const { platform, arch, libc, node, napi } = runtime;
  const places = [join('build', 'Release'), join('build', 'Debug'), join('prebuilds', `${platform}-${arch}`)];
  const message = [
    `xattr-cache cannot load its addon: ${problem}`,
    `  platform: ${[`${platform}-${arch}`, libc, `Node.js ${node}`, `Node-API ${napi ?? 'unknown'}`].filter(Boolean).join(', ')}`,
    ...places.map((place) => `  tried: ${join(root, place)} (${addonsIn(join(root, place)).join(', ') || 'no addon'})`),
    ...remedies.map((remedy) => `  remedy: ${remedy}`),
  ].join('\n');
  return new NativeLoadError(message, { cause });
}

function remediesFor(root: string, cause?: unknown): string[] {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_DLOPEN_DISABLED') {
    return ['Start Node.js without --no-addons, and with --allow-addons if it is started with --permission.'];
  }
  if (!existsSync(join(root, 'binding.gyp'))) {
    return ['Install the package whole. If a bundler has packed it, declare xattr-cache external.'];
  }
  return [
    `Build it, with Python 3, make and a C++20 compiler: npx --yes node-gyp@12 rebuild --directory "${root}"`,
    'If node_modules was copied from another machine, install the package on this one instead.',
  ];
}

function addonsIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.node'));
  } catch {
    return [];
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
