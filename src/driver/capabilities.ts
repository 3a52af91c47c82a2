import { readFile } from 'node:fs/promises';

/** What `configure()` found on the real directory. */
export interface Capabilities {
  /** As in `/proc/mounts`: `ext4`, `xfs`, `nfs4`, `fuse.sshfs`; `unknown` if the kernel does not tell. */
  readonly fileSystem: string;
  /**
   * Whether its files are reached over a network or through a process (FUSE). Nothing runs on the event loop there, unless
   * `inline` says so.
   */
  readonly remote: boolean;
  /** How the mount keeps access times. The order of eviction does not depend on it. */
  readonly atime: 'strictatime' | 'relatime' | 'noatime' | 'unknown';
  /**
   * False where this process may read but not write the images (another uid, a read-only mount): reads work, hits are
   * not counted.
   */
  readonly countsHits: boolean;
  /** The finest access time that can be told apart; 1,000 on 128-byte ext4 inodes. */
  readonly timeResolutionMs: number;
  /** False: two writers are kept apart by age alone. */
  readonly locks: boolean;
  /** `O_TMPFILE`: without, files are made under private names. */
  readonly namelessFiles: boolean;
  /** `openat2` with `RESOLVE_CACHED`: without, images are opened on the thread pool. */
  readonly cachedOpen: boolean;
  /** `preadv2` with `RWF_NOWAIT`: without, images are read on the thread pool. */
  readonly nowaitRead: boolean;
  /** `FICLONE`: copies that share their blocks. */
  readonly reflink: boolean;
}

export type MountFacts = Pick<Capabilities, 'fileSystem' | 'remote' | 'atime'>;

// What reaches its files over a network, or through a process in user space, which may be slow or be ourselves.
const remoteFileSystem = /^(nfs|cifs|smb|ceph|lustre|9p|virtiofs|afs|beegfs|gfs2|ocfs2|fuse)/;

/** Whether the first attribute write of a file may copy all of it: from a lower layer. */
export function copiesUp(fileSystem: string): boolean {
  return /^(overlay|aufs|unionfs)$/.test(fileSystem);
}

/** What the kernel says of a mount, by the id that statx(2) gives (proc_pid_mountinfo(5)). */
export async function readMountFacts(mountId: number): Promise<MountFacts> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return parseMountFacts(text, mountId);
}

/** `36 35 98:0 /root /mount noatime,rw master:1 - ext4 /dev/root rw` */
export function parseMountFacts(mountinfo: string, mountId: number): MountFacts {
  const line = mountinfo.split('\n').find((candidate) => candidate.startsWith(`${mountId} `));
  const [mount = '', fileSystemPart = ''] = line?.split(' - ') ?? [];
  const fileSystem = fileSystemPart.split(' ')[0];
  if (!fileSystem) return { fileSystem: 'unknown', remote: false, atime: 'unknown' };

  const options = mount.split(' ')[5]?.split(',') ?? [];
  const atime = options.includes('noatime') ? 'noatime' : options.includes('relatime') ? 'relatime' : 'strictatime';
  return { fileSystem, remote: remoteFileSystem.test(fileSystem), atime };
}
