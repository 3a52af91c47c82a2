import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../floor', import.meta.url));

/** Compiles the C programs; answers where they are, or why they are not. */
export function buildFloor(directory) {
  mkdirSync(directory, { recursive: true });
  for (const file of readdirSync(sources).filter((name) => name.endsWith('.c'))) {
    const program = join(directory, basename(file, '.c'));
    const built = spawnSync('cc', ['-O2', '-o', program, join(sources, file)], { encoding: 'utf8' });
    if (built.error) return { missing: 'no C compiler (cc)' };
    if (built.status !== 0) throw new Error(`${file} does not compile:\n${built.stderr}`);
  }
  return { program: (name) => join(directory, name) };
}

/** Arguments of the programs that run one operation again and again (floor/timing.h). */
export function operationArguments({ dir, warmUpSeconds, seconds, batch, operations }) {
  return [dir, warmUpSeconds, seconds, batch, ...(operations ? [operations] : [])].map(String);
}

/** Arguments of floor/put_whole.c for images of any size. */
export function putArguments({ dir, warmUpSeconds, seconds, batch, operations = 0, size }) {
  return [dir, warmUpSeconds, seconds, batch, operations, size].map(String);
}

/** The same, without the calls that give an image its time. */
export function unstampedPutArguments(spec) {
  return [...putArguments(spec), 'unstamped'];
}

/** Arguments of floor/walk.c. */
export function walkArguments({ dir, method, warmUpRuns, runs, mark }) {
  return [dir, method, warmUpRuns, runs, ...(mark ? ['mark'] : [])].map(String);
}

export function pruneArguments({ dir, entries, victims, mark }, how = 'prune') {
  return [dir, how, entries, victims, ...(mark ? ['mark'] : [])].map(String);
}

/** The same, each image removed with all the calls with which we do it. */
export function lockedPruneArguments(spec) {
  return pruneArguments(spec, 'prune-locked');
}
