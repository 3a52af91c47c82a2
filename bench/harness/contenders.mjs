import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const python = '/usr/bin/python3';
const trialMain = fileURLToPath(new URL('./trial-main.mjs', import.meta.url));
const glanceScript = fileURLToPath(new URL('../peers/glance_driver.py', import.meta.url));

/** By the name that is shown: how a trial is started, and why it cannot be. */
export const contenders = {
  'ours, sync': peer('ours-sync'),
  ours: peer('ours'),
  C: floor(({ arguments: argumentsOf }) => argumentsOf),
  'C, locked': floor(({ lockedArguments }) => lockedArguments),
  'C, no time stamp': floor(({ unstampedArguments }) => unstampedArguments),
  'ours, none': peer('ours', undefined, { durability: 'none' }),
  'ours, checkpoint': peer('ours', undefined, { durability: 'checkpoint' }),
  'ours, sync to disk': peer('ours', undefined, { durability: 'sync' }),
  'Node port': peer('node-port', 'fs-xattr'),
  Glance: {
    missing: () => (glanceIsThere() ? undefined : 'python3-glance and python3-xattr are not installed (Debian)'),
    command: ({ work }, spec) => [python, glanceScript, work, JSON.stringify(spec)],
  },
  cacache: peer('cacache', 'cacache'),
  lmdb: peer('lmdb', 'lmdb'),
  'better-sqlite3': peer('better-sqlite3', 'better-sqlite3'),
  'fs.promises': peer('plain-fs'),
  'ours, fetching': peer('ours-fetch'),
  'read-through': peer('read-through'),
  'the leader': peer('ours-fetch', undefined, { reader: 'leader' }),
  'the 100th follower': peer('ours-fetch', undefined, { reader: 'follower' }),
  'stream pipeline': peer('stream-copy'),
  'pipeline, then read': peer('stream-copy', undefined, { readBack: true }),
  cp: peer('cp'),
};

/** `choose` answers which arguments of the bar's program make it this contender. */
function floor(choose) {
  return {
    isFloor: true,
    missing: (context) => context.floor.missing,
    command: (bar, spec, context) => [context.floor.program(bar.floor.program), ...choose(bar.floor)(spec)],
  };
}

/** `more` belongs to the spec of its trials. */
function peer(name, packageName, more = {}) {
  let reason;
  return {
    missing: () => {
      if (packageName) reason ??= whyNotLoadable(packageName);
      return reason || undefined;
    },
    command: ({ work }, spec) => [process.execPath, trialMain, work, name, JSON.stringify({ ...spec, ...more })],
  };
}

/** Empty if the package can be loaded here; a native build may have been blocked. */
function whyNotLoadable(packageName) {
  const use = packageName === 'better-sqlite3' ? 'new (m.default)(":memory:")' : 'm';
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `const m = await import(${JSON.stringify(packageName)}); ${use}`],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' },
  );
  return status === 0 ? '' : `cannot be loaded: ${/^.*Error.*$/m.exec(stderr)?.[0] ?? stderr.trim()}`;
}

let glanceFound;
function glanceIsThere() {
  glanceFound ??= existsSync(python) && spawnSync(python, ['-c', 'import glance.image_cache, xattr']).status === 0;
  return glanceFound;
}
