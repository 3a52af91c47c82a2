// Processes of the boot before: they see another boot id than this process, which so opens their caches after a reboot.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { defer } from '../../support/defer.mjs';

const bootId = '/proc/sys/kernel/random/boot_id';
const script = `mount --bind "$0" ${bootId} && exec "$@"`;

/** Starts `command` in a mount namespace of its own, where `home` has the boot id. It is killed when `t` is over. */
export function spawnInEarlierBoot(t, home, command, options) {
  const file = join(home, 'boot-id');
  writeFileSync(file, '0e000000-0000-4000-8000-00000000b007\n');
  return spawnUntilOver(t, ['unshare', '--mount', 'sh', '-c', script, file, ...command], options);
}

/** Starts `command`, which is killed when `t` is over. `end()` kills it before that. */
export function spawnUntilOver(t, [program, ...args], options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
  const exited = once(child, 'exit');
  const end = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  defer(t, end);
  return { child, exited, end };
}
