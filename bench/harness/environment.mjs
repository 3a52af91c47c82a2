import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

const packages = ['cacache', 'lmdb', 'better-sqlite3', 'fs-xattr'];

/** Returns the facts that the figures depend on. */
export function describeEnvironment(dir) {
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    fileSystem: fileSystemOf(dir),
    load: loadavg()
      .map((load) => load.toFixed(1))
      .join(' '),
    node: process.version,
    versions: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
    glance: debianVersionOf('python3-glance'),
  };
}

function versionOf(name) {
  const require = createRequire(new URL('../package.json', import.meta.url));
  try {
    const paths = require.resolve.paths(name);
    for (const path of paths) {
      try {
        return JSON.parse(readFileSync(`${path}/${name}/package.json`, 'utf8')).version;
      } catch {
        // Not there; perhaps further up.
      }
    }
  } catch {
    // The same.
  }
  return undefined;
}

export function fileSystemOf(dir) {
  const [type, options] = output('findmnt', ['-no', 'FSTYPE,OPTIONS', '--target', dir])?.split(/\s+/) ?? [];
  return { type: type ?? 'unknown', options: options ?? '' };
}

function debianVersionOf(name) {
  return output('dpkg-query', ['--show', name])?.split('\t')[1];
}

function output(command, args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || undefined;
  } catch {
    return undefined;
  }
}
