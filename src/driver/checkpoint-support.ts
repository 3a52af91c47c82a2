import { readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

import type { Mount } from './mount.ts';

/**
 * Returns why a checkpoint proves nothing on a mount; undefined if it does.
 *
 * A checkpoint was tried on ext4, XFS and Btrfs, by cutting the power of their disk. ext4 needs a journal, and not
 * `data=writeback`: there, a cut brings back old names over new bytes.
 */
export async function findCheckpointProblem(mount: Mount | undefined): Promise<string | undefined> {
  if (mount === undefined) return 'the kernel does not describe the mount';
  return checkpointProblem(mount, mount.fileSystem === 'ext4' ? await readExt4Options(mount.device) : []);
}

/** @param ext4Options - all options in effect, defaults included, which mountinfo leaves out */
export function checkpointProblem({ fileSystem, options }: Mount, ext4Options: readonly string[]): string | undefined {
  if (!['ext4', 'xfs', 'btrfs'].includes(fileSystem)) return `it was not tried on ${fileSystem}`;
  const inEffect = [...options, ...ext4Options];
  if (inEffect.includes('nobarrier') || inEffect.includes('barrier=0')) return 'it is mounted without barriers';
  if (fileSystem !== 'ext4') return undefined;
  if (inEffect.includes('data=writeback')) return 'it is mounted with data=writeback';
  // The kernel lists a mode of the journal only if there is one.
  if (!inEffect.some((option) => option.startsWith('data='))) return 'no journal of ext4 is seen';
  return undefined;
}

/** Of a device number, as `/proc/fs/ext4/DEVICE/options` has them. */
async function readExt4Options(device: string): Promise<string[]> {
  try {
    const name = basename(await readlink(`/sys/dev/block/${device}`));
    return (await readFile(`/proc/fs/ext4/${name}/options`, 'utf8')).split('\n');
  } catch {
    return [];
  }
}
