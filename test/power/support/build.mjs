import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const env = { ...process.env, LD_PRELOAD: '' };

/** Builds the daemon of the disk into `directory`, and returns its path. */
export function buildDisk(directory) {
  const flags = execFileSync('pkg-config', ['--cflags', '--libs', 'fuse3'], { encoding: 'utf8', env }).trim();
  return compile('cutdisk.c', join(directory, 'cutdisk'), flags.split(/\s+/));
}

/** Builds the library of mistakes into `directory`, and returns its path. */
export function buildMistakes(directory) {
  return compile('mistakes.c', join(directory, 'mistakes.so'), ['-shared', '-fPIC', '-ldl']);
}

function compile(source, target, flags) {
  const path = fileURLToPath(new URL(source, import.meta.url));
  execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-o', target, path, ...flags], { env });
  return target;
}
