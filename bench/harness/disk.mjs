import { execFileSync } from 'node:child_process';

/** Waits until the file system of `dir` has nothing left to write. */
export function syncFileSystem(dir) {
  execFileSync('sync', ['--file-system', dir]);
}
