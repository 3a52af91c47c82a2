import { readFile } from 'node:fs/promises';

/** A mount as proc_pid_mountinfo(5) describes it. */
export interface Mount {
  /** As in `/proc/mounts`. */
  readonly fileSystem: string;
  /** `MAJOR:MINOR`. */
  readonly device: string;
  /** Options of the mount point. */
  readonly mountOptions: readonly string[];
  /** Options of the file system. */
  readonly options: readonly string[];
}

/** Reads a mount by its id from statx(2). Resolves to undefined if the kernel does not describe it. */
export async function readMount(mountId: number): Promise<Mount | undefined> {
  return parseMount(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''), mountId);
}

/** Parses lines such as `36 35 98:0 /root /mount noatime,rw master:1 - ext4 /dev/root rw,data=writeback`. */
export function parseMount(mountinfo: string, mountId: number): Mount | undefined {
  const line = mountinfo.split('\n').find((candidate) => candidate.startsWith(`${mountId} `));
  const [mount = '', fileSystemPart = ''] = line?.split(' - ') ?? [];
  const [fileSystem = '', , options = ''] = fileSystemPart.split(' ');
  if (fileSystem === '') return undefined;
  const [, , device = '', , , mountOptions = ''] = mount.split(' ');
  return { fileSystem, device, mountOptions: mountOptions.split(','), options: options.split(',') };
}
