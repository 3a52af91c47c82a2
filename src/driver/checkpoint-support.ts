import { readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** A mount as proc_pid_mountinfo(5) describes it. */
export interface Mount {
  /** As in `/proc/mounts`. */
  readonly fileSystem: string;
  /** `MAJOR:MINOR`. */
  readonly device: string;
  /** Options of the file system, not of the mount point. */
  readonly options: readonly string[];
}

/**
 * Returns why a checkpoint proves nothing on a mount; undefined if it does.
 *
 * A checkpoint was tried on ext4, XFS and Btrfs, by cutting the power of their disk. ext4 needs a journal, and not
 * `data=writeback`: there, a cut brings back old names over new bytes.
 */
export async function findCheckpointProblem(mountId: number): Promise<string | undefined> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const mount = parseMount(text, mountId);
  if (mount === undefined) return 'the kernel does not describe the mount';
  return checkpointProblem(mount, mount.fileSystem === 'ext4' ? await readExt4Options(mount.device) : []);
}

/** `36 35 98:0 /root /mount noatime,rw master:1 - ext4 /dev/root rw,data=writeback` */
export function parseMount(mountinfo: string, mountId: number): Mount | undefined {
  const line = mountinfo.split('\n').find((candidate) => candidate.startsWith(`${mountId} `));
  const [mount = '', fileSystemPart = ''] = line?.split(' - ') ?? [];
  const [fileSystem = '', , options = ''] = fileSystemPart.split(' ');
  if (fileSystem === '') return undefined;
  return { fileSystem, device: mount.split(' ')[2] ?? '', options: options.split(',') };
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
