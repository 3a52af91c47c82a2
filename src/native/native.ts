import type { SystemError } from '../api/errors.ts';
import type { LiveState } from '../api/live-image.ts';
import { loadNative } from './load-native.ts';
import { ownPackageFiles } from './package-files.ts';

/** An object of the engine. The addon distinguishes the kinds at run time. */
export type Handle = { readonly __nativeHandle: never };

/**
 * Rows of a listing as columns. `idEnds[i]` is where the i-th id ends in `ids`; it begins where the one before ends.
 */
export interface Columns {
  readonly count: number;
  readonly ids: Buffer;
  readonly idEnds: Uint32Array;
  readonly sizes: Float64Array;
  readonly allocatedSizes: Float64Array;
  readonly hits: Float64Array;
  readonly accessedMs: Float64Array;
  /** Last use of each image: see `native/posix/file_times.h`. */
  readonly recencyMs: Float64Array;
  readonly modifiedMs: Float64Array;
}

export interface NativeImage {
  readonly handle: Handle;
  readonly fd: number;
  readonly size: number;
  readonly modifiedMs: number;
}

/** True: counted. False: evicted. Null: locked elsewhere, try again. An error: the image cannot be written. */
export type NativeHit = boolean | null | SystemError;

export interface InvalidTotals {
  readonly files: number;
  /** Bytes. */
  readonly size: number;
}

export interface NativeTally {
  readonly images: number;
  readonly bytes: number;
}

export interface NativeCheckpointState {
  readonly boot?: string;
  readonly beganMs: number;
  readonly ownBoot: boolean;
  /** 0: they have not failed. */
  readonly failingSinceMs: number;
}

/** A recovery that holds its lock until it is finished or released. */
export interface NativeRecovery {
  readonly handle: Handle;
  /** When the last checkpoint before began. */
  readonly sinceMs: number;
  /** The doubtful images without a digest, and those with one. */
  readonly unverifiable: Columns;
  readonly verifiable: Columns;
}

export interface NativeFindings {
  readonly locks: boolean;
  readonly namelessFiles: boolean;
  readonly cachedOpen: boolean;
  readonly nowaitRead: boolean;
  readonly reflink: boolean;
  readonly timeResolutionMs: number;
}

/**
 * Rule for a writer of unknown liveness: the stall time in seconds, true if locks work, and a timeout in milliseconds.
 */
export type StallArguments = readonly [stallSeconds: number, locksWork: boolean, probeTimeoutMs: number];

/** State of a claim that was made. `taken`: another writer has claimed the image instead. */
export type NativeClaim = 'held' | 'gone' | 'taken' | 'unknown';

/**
 * The export table of the addon. Internal: arguments are not checked, errors are raw system errors. `...Sync` runs on
 * the calling thread, `...Async` in the thread pool. `Cached` in a name returns `null` instead of waiting for a disk.
 */
export interface Native {
  releaseSync(handle: Handle): void;
  /** Frees a large object in the pool. */
  releaseAsync(handle: Handle): Promise<void>;

  /** `synced`: each image is on disk before it is published. */
  openDirectoryAsync(path: string, synced: boolean): Promise<Handle>;
  /** Returns the directory with its removed parts made again; null if none was removed. */
  renewDirectorySync(directory: Handle): Handle | null;
  renewDirectoryAsync(directory: Handle): Promise<Handle | null>;
  mountIdAsync(directory: Handle): Promise<number>;
  probeAsync(directory: Handle): Promise<NativeFindings>;
  mayWriteImagesAsync(directory: Handle): Promise<boolean>;
  /** Returns the number of bytes that all processes have committed; null while another process adds to it. */
  addCommittedAsync(directory: Handle, size: number): Promise<number | null>;
  reapInvalidAsync(directory: Handle, graceSeconds: number): Promise<number>;
  /** Removes the oldest files of invalid/ beyond the limits. Returns the remaining totals. */
  trimInvalidSync(directory: Handle, maxFiles: number, maxSize: number): InvalidTotals;
  trimInvalidAsync(directory: Handle, maxFiles: number, maxSize: number): Promise<InvalidTotals>;
  reapStalledAsync(directory: Handle, graceSeconds: number, ...stall: StallArguments): Promise<number>;

  /** Returns the size, or -1 if the image is not cached. */
  findImageSync(directory: Handle, id: string): number;
  findImageAsync(directory: Handle, id: string): Promise<number>;
  readHitsSync(directory: Handle, id: string): number;
  readHitsAsync(directory: Handle, id: string): Promise<number>;
  isQueuedSync(directory: Handle, id: string): boolean;
  isQueuedAsync(directory: Handle, id: string): Promise<boolean>;
  isBeingCachedSync(directory: Handle, id: string, ...stall: StallArguments): boolean;
  isBeingCachedAsync(directory: Handle, id: string, ...stall: StallArguments): Promise<boolean>;
  deleteImageSync(directory: Handle, id: string): boolean;
  deleteImageAsync(directory: Handle, id: string): Promise<boolean>;
  queueImageSync(directory: Handle, id: string, ...stall: StallArguments): boolean;
  queueImageAsync(directory: Handle, id: string, ...stall: StallArguments): Promise<boolean>;
  dequeueImageSync(directory: Handle, id: string): boolean;
  dequeueImageAsync(directory: Handle, id: string): Promise<boolean>;

  openImageSync(directory: Handle, id: string): NativeImage | undefined;
  openImageAsync(directory: Handle, id: string): Promise<NativeImage | undefined>;
  openImageCachedSync(directory: Handle, id: string): NativeImage | undefined | null;
  readSync(image: Handle, buffer: Uint8Array, offset: number, length: number, position: number): number;
  readAsync(image: Handle, buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /** Returns a count. A short one, 0 included, does not mean the end. */
  readCachedSync(image: Handle, buffer: Uint8Array, offset: number, length: number, position: number): number;
  recordHitSync(image: Handle, accessResolutionMs: number, hits: number): NativeHit;
  recordHitAsync(image: Handle, accessResolutionMs: number, hits: number): Promise<NativeHit>;
  /**
   * Returns null also if the image is larger than `largest` bytes or locked. A hit that was not counted is returned,
   * too.
   */
  readWholeCachedSync(
    directory: Handle,
    id: string,
    largest: number,
    accessResolutionMs: number,
  ): Buffer | readonly [Buffer, false | SystemError] | undefined | null;

  /** Returns null while the image is locked. */
  quarantineAsync(image: Handle, directory: Handle, id: string, reason: string): Promise<boolean | null>;

  /** Returns undefined if the image has no writer. Throws EBUSY for a foreign writer. */
  followAsync(
    directory: Handle,
    id: string,
    ...stallAndAnnounce: [...StallArguments, boolean]
  ): Promise<{ readonly follower: Handle; readonly handle: Handle; readonly fd: number } | undefined>;
  pollSync(follower: Handle): LiveState;
  pollAsync(follower: Handle): Promise<LiveState>;
  hasOtherReadersSync(follower: Handle): boolean;

  claimSync(directory: Handle, id: string, ...stall: StallArguments): Handle;
  claimAsync(directory: Handle, id: string, ...stall: StallArguments): Promise<Handle>;
  reserveSync(writer: Handle, size: number): void;
  reserveAsync(writer: Handle, size: number): Promise<void>;
  writeSync(writer: Handle, bytes: Uint8Array): void;
  writeAsync(writer: Handle, bytes: Uint8Array): Promise<void>;
  commitSync(writer: Handle): void;
  commitAsync(writer: Handle): Promise<void>;
  findClaimSync(writer: Handle): NativeClaim;
  findClaimAsync(writer: Handle): Promise<NativeClaim>;
  /** Keeps no bytes of a write larger than `largestKept`. */
  rollbackSync(writer: Handle, reason: string, largestKept: number): void;
  rollbackAsync(writer: Handle, reason: string, largestKept: number): Promise<void>;
  /** Leaves nothing behind, so that followers can take over. */
  abandonAsync(writer: Handle): Promise<void>;
  discardSync(writer: Handle): void;
  discardAsync(writer: Handle): Promise<void>;
  touchAsync(writer: Handle): Promise<void>;
  noteLengthAsync(writer: Handle, length: number): Promise<void>;
  recordDigestAsync(writer: Handle, text: string): Promise<void>;
  putImageSync(directory: Handle, id: string, bytes: Uint8Array): void;
  putImageAsync(directory: Handle, id: string, bytes: Uint8Array): Promise<void>;

  openScanAsync(directory: Handle): Promise<Handle>;
  /** Another scan of the same pass: each image is in a batch of one of the two. */
  twinOfScanSync(scan: Handle): Handle;
  scanNextAsync(scan: Handle, limit: number): Promise<Columns>;
  listImagesAsync(directory: Handle): Promise<{ readonly handle: Handle; readonly count: number }>;
  takeRowsSync(list: Handle, start: number, limit: number): Columns;
  listInvalidAsync(
    directory: Handle,
  ): Promise<{ imageId: string; size: number; error: string; lastModifiedMs: number }[]>;
  listQueueAsync(directory: Handle): Promise<string[]>;
  sumImagesAsync(directory: Handle): Promise<number>;
  deleteAllImagesAsync(directory: Handle): Promise<number>;
  dequeueAllAsync(directory: Handle): Promise<number>;
  findColdestAsync(directory: Handle): Promise<{ imageId: string; size: number } | undefined>;
  measureUsageAsync(
    directory: Handle,
  ): Promise<{ incomplete: number; invalid: number; queued: number; freeBytes: number; freeInodes?: number }>;

  /** Returns null while another eviction runs. */
  beginEvictionAsync(
    directory: Handle,
    targetSize: number,
    dryRun: boolean,
  ): Promise<{ readonly handle: Handle; readonly done: boolean } | null>;
  evictAsync(
    eviction: Handle,
    limit: number,
  ): Promise<{ readonly columns: Columns; readonly done: boolean; readonly problem?: SystemError }>;

  /** Resolves to the images dropped because `failure` may have damaged them; null while another checkpoint or recovery is at work. */
  checkpointAsync(directory: Handle): Promise<(NativeTally & { readonly failure?: SystemError }) | null>;
  /** Resolves to true if this process has published images that no checkpoint vouches for. */
  needsCheckpointAsync(directory: Handle): Promise<boolean>;
  /** Puts the last checkpoint itself on disk. */
  syncCheckpointAsync(directory: Handle): Promise<void>;
  /** Puts on disk what was written, and vouches for nothing. */
  syncFileSystemAsync(directory: Handle): Promise<void>;
  /** With the images that are not on disk for certain; without a `boot` there was no checkpoint. */
  checkpointStateAsync(directory: Handle): Promise<NativeTally & NativeCheckpointState>;
  recoveryNeedAsync(directory: Handle): Promise<'none' | 'first use' | 'other boot' | 'impossible'>;
  /** Undefined: there is no need. Null: another one is at work. */
  beginRecoveryAsync(directory: Handle, forced: boolean, dryRun: boolean): Promise<NativeRecovery | undefined | null>;
  /** Drops images without a digest; whether some are left. */
  dropDoubtfulAsync(recovery: Handle, limit: number): Promise<boolean>;
  /** Drops the n-th image with a digest. */
  dropVerifiedAsync(recovery: Handle, n: number): Promise<void>;
  openDoubtfulAsync(directory: Handle, id: string): Promise<Pick<NativeImage, 'handle' | 'fd' | 'size'> | undefined>;
  /** Makes a checkpoint, which is on disk itself. */
  finishRecoveryAsync(recovery: Handle): Promise<void>;

  getAttributeSync(path: string, name: string): Buffer | undefined;
  getAttributeAsync(path: string, name: string): Promise<Buffer | undefined>;
  setAttributeSync(path: string, name: string, value: Uint8Array): void;
  setAttributeAsync(path: string, name: string, value: Uint8Array): Promise<void>;
  /** Tries once if the timeout is 0. Fails with ETIMEDOUT if the lock stays held. */
  incrementCounterSync(path: string, name: string, delta: number, lockTimeoutMs: number): number;
  incrementCounterAsync(path: string, name: string, delta: number, lockTimeoutMs: number): Promise<number>;
}

export const native: Native = loadNative(ownPackageFiles) as Native;
