import { readdirSync, readlinkSync } from 'node:fs';

/** Returns the paths of `dir`, and of the files below it, that this process has open, sorted. */
export function openIn(dir) {
  return readdirSync('/proc/self/fd')
    .map(targetOf)
    .filter((path) => path === dir || path.startsWith(`${dir}/`))
    .sort();
}

function targetOf(fd) {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ''; // Closed meanwhile.
  }
}
