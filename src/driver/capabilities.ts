import type { Mount } from './mount.ts';

/**
 * Properties of the directory's file system, as `configure()` found them by trial.
 *
 * @since 0.1.0
 */
export interface Capabilities {
  /** Name of the file system as in `/proc/mounts`: `ext4`, `xfs`, `nfs4`, `fuse.sshfs`; `unknown` if not reported. */
  readonly fileSystem: string;
  /**
   * True if its files are reached over a network or through a process (FUSE). There, no operation runs on the event
   * loop, unless `inline` is true.
   */
  readonly remote: boolean;
  /** The mount's option for access times. The order of eviction does not depend on it. */
  readonly atime: 'strictatime' | 'relatime' | 'noatime' | 'unknown';
  /**
   * True if this process may write the images. Otherwise (another uid, a read-only mount), reads work, but hits are not
   * counted.
   */
  readonly countsHits: boolean;
  /** Resolution of access times; 1,000 on 128-byte ext4 inodes. */
  readonly timeResolutionMs: number;
  /** True if `flock(2)` works. Without it, the age of its files decides whether a writer is dead. */
  readonly locks: boolean;
  /** True if `O_TMPFILE` works. Without it, files are created under private names. */
  readonly namelessFiles: boolean;
  /** True if `openat2` with `RESOLVE_CACHED` works. Without it, images are opened in the thread pool. */
  readonly cachedOpen: boolean;
  /** True if `preadv2` with `RWF_NOWAIT` works. Without it, images are read in the thread pool. */
  readonly nowaitRead: boolean;
  /** True if `FICLONE` works: copies can share their blocks. */
  readonly reflink: boolean;
  /** True if a checkpoint proves which images are on disk: ext4 with a journal, XFS and Btrfs, with barriers. */
  readonly checkpoint: boolean;
  /** Why not; undefined if `checkpoint` is true. */
  readonly checkpointProblem: string | undefined;
}

export type MountFacts = Pick<Capabilities, 'fileSystem' | 'remote' | 'atime'>;

// These reach their files over a network, or through a process in user space, which may be slow or be this one.
const remoteFileSystem = /^(nfs|cifs|smb|ceph|lustre|9p|virtiofs|afs|beegfs|gfs2|ocfs2|fuse)/;

/** Returns whether the first attribute write of a file may copy the whole file from a lower layer. */
export function copiesUp(fileSystem: string): boolean {
  return /^(overlay|aufs|unionfs)$/.test(fileSystem);
}

/** Returns the facts about a mount; undefined: it is unknown. */
export function mountFactsOf(mount: Mount | undefined): MountFacts {
  if (mount === undefined) return { fileSystem: 'unknown', remote: false, atime: 'unknown' };
  const { fileSystem, mountOptions } = mount;
  const atime = (['noatime', 'relatime'] as const).find((option) => mountOptions.includes(option)) ?? 'strictatime';
  return { fileSystem, remote: remoteFileSystem.test(fileSystem), atime };
}
