/**
 * The images that a loss of power may cost: see the page durability.md.
 *
 * @since 0.2.0
 */
export type Durability = 'none' | 'checkpoint' | 'sync';

export const durabilities: readonly Durability[] = ['none', 'checkpoint', 'sync'];

/**
 * Options of {@link XattrDriver.recover}.
 *
 * @since 0.2.0
 */
export interface RecoverOptions {
  /** Drops nothing, and makes no checkpoint. @defaultValue false */
  readonly dryRun?: boolean;
  /** Also if the last checkpoint is of this boot: the disk went away and came back within it. @defaultValue false */
  readonly force?: boolean;
}

/**
 * The images that a recovery found doubtful: no checkpoint before the loss of power vouches for them.
 *
 * @since 0.2.0
 */
export interface RecoverResult {
  /** When the last checkpoint began, in milliseconds since the epoch. Older images are whole on disk. */
  readonly sinceMs: number;
  /** Number of images that are younger. */
  readonly doubtful: number;
  /** Number of these that equal the digest recorded with them. */
  readonly kept: number;
  /** The others, which were removed. */
  readonly dropped: readonly string[];
  /** Bytes of the dropped images. */
  readonly bytes: number;
}

/**
 * The part of a cache that is on disk for certain.
 *
 * @since 0.2.0
 */
export interface CheckpointState {
  /** When the last checkpoint began, in milliseconds since the epoch; undefined if there was none. */
  readonly atMs: number | undefined;
  /** Id of the boot in which it was made (`/proc/sys/kernel/random/boot_id`); undefined if there was none. */
  readonly boot: string | undefined;
  /** True if that was in this boot. If not, a recovery has to come first. */
  readonly thisBoot: boolean;
  /** Number of images that are not on disk for certain: all, if there was no checkpoint. */
  readonly doubtfulImages: number;
  /** Their sum in bytes. */
  readonly doubtfulBytes: number;
  /** Since when writes to the disk have failed, in milliseconds since the epoch; undefined if they have not. */
  readonly failingSinceMs: number | undefined;
}
