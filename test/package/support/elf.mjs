// The target and the needs of an addon for Linux, as readelf of binutils reports them.

import { execFileSync, spawnSync } from 'node:child_process';

export const needsReadelf = spawnSync('readelf', ['--version']).error !== undefined && 'needs readelf of binutils';

const readelf = (...args) => execFileSync('readelf', ['--wide', ...args], { encoding: 'utf8' });

export function machineOf(path) {
  return readelf('--file-header', path).match(/^ *Machine: *(.*)$/m)[1];
}

/** Returns the shared libraries that it needs. */
export function librariesOf(path) {
  return [...readelf('--dynamic', path).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name);
}

/** Returns its dynamic symbols, defined and undefined. */
export function symbolsOf(path) {
  const symbols = [];
  for (const line of readelf('--dyn-syms', path).split('\n')) {
    const [, binding, section, name, version] =
      /^ *\d+: \S+ +\d+ \w+ +(\w+) +\w+ +(\w+) ([^@\s]+)(?:@+(\S+))?/.exec(line) ?? [];
    if (name !== undefined && binding !== 'LOCAL') symbols.push({ name, version, defined: section !== 'UND' });
  }
  return symbols;
}

/** Returns the newest version that it needs of each family: `{ GLIBC: '2.28', … }`. */
export function newestVersions(path) {
  const newest = {};
  for (const { version } of symbolsOf(path)) {
    const [, family, number] = /^([A-Z]+)_([\d.]+)$/.exec(version ?? '') ?? [];
    if (family !== undefined && compareVersions(number, newest[family] ?? '0') > 0) newest[family] = number;
  }
  return newest;
}

export function compareVersions(a, b) {
  const theirs = b.split('.').map(Number);
  for (const [i, part] of a.split('.').map(Number).entries()) {
    if (part !== (theirs[i] ?? 0)) return part - (theirs[i] ?? 0);
  }
  return 0;
}

/** Returns whether it has neither a symbol table nor debug information. */
export function isStripped(path) {
  return !/ \.(symtab|debug_\w+) /.test(readelf('--section-headers', path));
}
