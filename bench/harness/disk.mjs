import { execFileSync } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';

const dropCachesFile = '/proc/sys/vm/drop_caches';

/** Waits until the file system of `dir` has nothing left to write. */
export function syncFileSystem(dir) {
  execFileSync('sync', ['--file-system', dir]);
}

/** Returns why the kernel's caches cannot be dropped; undefined if they can. */
export function whyNotDropCaches() {
  try {
    accessSync(dropCachesFile, constants.W_OK);
    return undefined;
  } catch {
    return `the kernel's caches cannot be dropped: ${dropCachesFile} is written by root only`;
  }
}

/** Drops all files, names and inodes from the kernel's caches. */
export function dropCaches() {
  // The kernel drops only what is on disk. The first call writes to the file behind a loop device, the second one writes
  // that file.
  execFileSync('sync');
  execFileSync('sync');
  writeFileSync(dropCachesFile, '3');
}
