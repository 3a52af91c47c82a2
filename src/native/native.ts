import type { SystemError } from '../api/errors.ts';
import type { LiveState } from '../api/live-image.ts';
import { loadNative } from './load-native.ts';
import { ownPackageFiles } from './package-files.ts';

/** An object of the engine. Kinds are told apart by the addon, at run time. */
export type Handle = { readonly __nativeHandle: never };

/** Rows of a listing as columns. `idEnds[i]` is where the i-th id ends in `ids`; it begins where the one before ends. */
export interface Columns {
  readonly count: number;
  readonly ids: Buffer;
  readonly idEnds: Uint32Array;
  readonly sizes: Float64Array;
  readonly allocatedSizes: Float64Array;
  readonly hits: Float64Array;
  readonly accessedMs: Float64Array;
  /** When each was last of use: see `native/posix/file_times.h`. */
  readonly recencyMs: Float64Array;
  readonly modifiedMs: Float64Array;
}

export interface NativeImage {
  readonly handle: Handle;
  readonly fd: number;
  readonly size: number;
  readonly modifiedMs: number;
}

/** True: counted. False: evicted. Null: locked by somebody else, to be tried again. An error: cannot be written. */
export type NativeHit = boolean | null | SystemError;

export interface InvalidTotals {
  readonly files: number;
  /** Bytes. */
  readonly size: number;
}

export interface NativeFindings {
  readonly locks: boolean;
  readonly namelessFiles: boolean;
  readonly cachedOpen: boolean;
  readonly nowaitRead: boolean;
  readonly reflink: boolean;
  readonly timeResolutionMs: number;
}

/** How the engine judges a writer that cannot be seen to live: seconds, whether locks work, and milliseconds. */
export type StallArguments = readonly [stallSeconds: number, locksWork: boolean, probeTimeoutMs: number];

/**
 * The native module's export table. Internal: arguments are trusted, errors are raw system errors. `...Sync` runs where
 * it is called, `...Async` in the thread pool; `Cached` in a name never waits for a disk, and says `null` instead.
 */
export interface Native {
  releaseSync(handle: Handle): void;
  /** For what is large: freed in the pool. */
  releaseAsync(handle: Handle): Promise<void>;

  openDirectoryAsync(path: string): Promise<Handle>;
  /** The directory with its parts made again; null if none was removed. */
  renewDirectorySync(directory: Handle): Handle | null;
  renewDirectoryAsync(directory: Handle): Promise<Handle | null>;
  mountIdAsync(directory: Handle): Promise<number>;
  probeAsync(directory: Handle): Promise<NativeFindings>;
  mayWriteImagesAsync(directory: Handle): Promise<boolean>;
  /** The bytes that all have committed; null while another process adds to them. */
  addCommittedAsync(directory: Handle, size: number): Promise<number | null>;
  reapInvalidAsync(directory: Handle, graceSeconds: number): Promise<number>;
  /** If invalid/ holds more than so many files or bytes, removes the oldest. What is left. */
  trimInvalidSync(directory: Handle, maxFiles: number, maxSize: number): InvalidTotals;
  trimInvalidAsync(directory: Handle, maxFiles: number, maxSize: number): Promise<InvalidTotals>;
  reapStalledAsync(directory: Handle, graceSeconds: number, ...stall: StallArguments): Promise<number>;

  /** The size, or -1 if it is not cached. */
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
  /** A short count, 0 included, does not mean the end. */
  readCachedSync(image: Handle, buffer: Uint8Array, offset: number, length: number, position: number): number;
  recordHitSync(image: Handle, accessResolutionMs: number, hits: number): NativeHit;
  recordHitAsync(image: Handle, accessResolutionMs: number, hits: number): Promise<NativeHit>;
  /** Null also if the image is larger than `largest` bytes or locked. With the hit if that was not counted. */
  readWholeCachedSync(
    directory: Handle,
    id: string,
    largest: number,
    accessResolutionMs: number,
  ): Buffer | readonly [Buffer, false | SystemError] | undefined | null;

  /** Null while the image is locked. */
  quarantineAsync(image: Handle, directory: Handle, id: string, reason: string): Promise<boolean | null>;

  /** Undefined if nobody is writing it; EBUSY: a foreign writer. */
  followAsync(
    directory: Handle,
    id: string,
    ...stallAndAnnounce: [...StallArguments, boolean]
  ): Promise<{ readonly follower: Handle; readonly handle: Handle; readonly fd: number } | undefined>;
  lookSync(follower: Handle): LiveState;
  lookAsync(follower: Handle): Promise<LiveState>;
  hasCompanySync(follower: Handle): boolean;

  claimSync(directory: Handle, id: string, ...stall: StallArguments): Handle;
  claimAsync(directory: Handle, id: string, ...stall: StallArguments): Promise<Handle>;
  reserveSync(writer: Handle, size: number): void;
  reserveAsync(writer: Handle, size: number): Promise<void>;
  writeSync(writer: Handle, bytes: Uint8Array): void;
  writeAsync(writer: Handle, bytes: Uint8Array): Promise<void>;
  commitSync(writer: Handle): void;
  commitAsync(writer: Handle): Promise<void>;
  /** Bytes beyond `largestKept` are given up. */
  rollbackSync(writer: Handle, reason: string, largestKept: number): void;
  rollbackAsync(writer: Handle, reason: string, largestKept: number): Promise<void>;
  /** For a writer that was left: nothing stays behind, and followers may take over. */
  abandonAsync(writer: Handle): Promise<void>;
  discardSync(writer: Handle): void;
  discardAsync(writer: Handle): Promise<void>;
  touchAsync(writer: Handle): Promise<void>;
  noteLengthAsync(writer: Handle, length: number): Promise<void>;
  recordDigestAsync(writer: Handle, text: string): Promise<void>;
  putImageSync(directory: Handle, id: string, bytes: Uint8Array): void;
  putImageAsync(directory: Handle, id: string, bytes: Uint8Array): Promise<void>;

  openScanAsync(directory: Handle): Promise<Handle>;
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

  /** Null while another eviction is at work. */
  beginEvictionAsync(
    directory: Handle,
    targetSize: number,
    dryRun: boolean,
  ): Promise<{ readonly handle: Handle; readonly done: boolean } | null>;
  evictAsync(
    eviction: Handle,
    limit: number,
  ): Promise<{ readonly columns: Columns; readonly done: boolean; readonly problem?: SystemError }>;

  getAttributeSync(path: string, name: string): Buffer | undefined;
  getAttributeAsync(path: string, name: string): Promise<Buffer | undefined>;
  setAttributeSync(path: string, name: string, value: Uint8Array): void;
  setAttributeAsync(path: string, name: string, value: Uint8Array): Promise<void>;
  /** A timeout of 0 tries once; a lock that is not to be had fails with ETIMEDOUT. */
  incrementCounterSync(path: string, name: string, delta: number, lockTimeoutMs: number): number;
  incrementCounterAsync(path: string, name: string, delta: number, lockTimeoutMs: number): Promise<number>;
}

export const native: Native = loadNative(ownPackageFiles) as Native;
