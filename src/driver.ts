import type { Readable } from 'node:stream';

/** One cached image, as a listing shows it. Sizes are bytes. */
export interface CachedImage {
  readonly imageId: string;
  readonly size: number;
  /** Bytes on disk (`st_blocks` × 512). */
  readonly allocatedSize: number;
  /** 0 where `user.hits` is missing or unreadable. */
  readonly hits: number;
  /** Milliseconds since the epoch, with the file system's fraction. */
  readonly lastAccessedMs: number;
  /** Milliseconds since the epoch: when it was committed. */
  readonly lastModifiedMs: number;
}

/** A failed write, kept for debugging. */
export interface InvalidImage {
  readonly imageId: string;
  readonly size: number;
  /** Why it failed; empty if unknown. */
  readonly error: string;
  readonly lastModifiedMs: number;
}

/** What lies beside the images, and the room that is left. */
export interface DriverUsage {
  readonly incomplete: number;
  readonly invalid: number;
  readonly queued: number;
  readonly freeBytes: number;
  /** `Infinity` where the file system does not count inodes (btrfs). */
  readonly freeInodes: number;
}

export interface CleanResult {
  readonly invalidReaped: number;
  readonly stalledReaped: number;
}

export interface EvictResult {
  readonly filesEvicted: number;
  readonly bytesEvicted: number;
  readonly images: readonly EvictedImage[];
}

/** One that went, or with `dryRun` would go. */
export interface EvictedImage {
  readonly imageId: string;
  readonly size: number;
  /** As they stood on the file when it was unlinked. */
  readonly hits: number;
  /** Milliseconds since the epoch: the later of access and commit. */
  readonly lastAccessedMs: number;
}

export interface EvictOptions {
  /** Report what would go, and leave it. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** Bytes to store: all at once, or as they come. */
export type ImageSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

export interface WriteOptions {
  /**
   * Bytes. Reserves the space at once (without changing the size that readers see) and is checked at commit.
   *
   * @throws {@link SizeMismatchError}
   */
  readonly expectedSize?: number;
  /** Aborting rolls the write back, with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface RangeOptions {
  /** The first byte. @defaultValue 0 */
  readonly start?: number;
  /** The last byte, inclusive as in `node:fs`. @defaultValue the end of the image */
  readonly end?: number;
  readonly signal?: AbortSignal;
}

/**
 * What every driver does: Glance's `image_cache.drivers.base.Driver`, in TypeScript's case. Misses of a question are
 * answers, not errors. Every method refuses an id that cannot be one with {@link InvalidImageIdError}.
 */
export interface CacheDriver {
  /**
   * Makes the directories and probes what it needs.
   *
   * @throws {@link BadDriverConfiguration}
   */
  configure(): Promise<void>;
  close(): Promise<void>;

  /** The sum of the images' sizes, in bytes. */
  getCacheSize(): Promise<number>;
  /** 0 for an image that is not cached. */
  getHitCount(imageId: string): Promise<number>;
  /** 0 for an image that is not cached. */
  getImageSize(imageId: string): Promise<number>;
  /** All, ordered by the bytes of the id. */
  getCachedImages(): Promise<CachedImage[]>;
  /** The same in batches, in no order, for caches too large for one array. */
  cachedImages(): AsyncIterable<readonly CachedImage[]>;
  getLeastRecentlyAccessed(): Promise<{ readonly imageId: string; readonly size: number } | undefined>;

  isCached(imageId: string): Promise<boolean>;
  /** True for a live writer and for a foreign one; false for one that died. */
  isBeingCached(imageId: string): Promise<boolean>;
  /** Neither cached nor being cached. */
  isCacheable(imageId: string): Promise<boolean>;
  isQueued(imageId: string): Promise<boolean>;

  /** Not there: fine. What is being written under this id will not be published. */
  deleteCachedImage(imageId: string): Promise<void>;
  /** Resolves to how many there were. */
  deleteAllCachedImages(): Promise<number>;
  /** In one pass, least recently accessed first, until the cached images sum to at most `targetSize` bytes. */
  evictTo(targetSize: number, options?: EvictOptions): Promise<EvictResult>;

  /** False if the image is cached, being cached or queued already. */
  queueImage(imageId: string): Promise<boolean>;
  /** Oldest first. */
  getQueuedImages(): Promise<string[]>;
  /** Not there: fine. */
  deleteQueuedImage(imageId: string): Promise<void>;
  /** Resolves to how many there were. */
  deleteAllQueuedImages(): Promise<number>;

  /** @throws {@link ImageNotFoundError} */
  openForRead(imageId: string): Promise<ImageReader>;
  /** The whole image, its hit counted; `undefined` if it is not cached. */
  readImage(imageId: string): Promise<Buffer | undefined>;
  /**
   * Claims the image. Writing a cached image replaces it at commit.
   *
   * @throws {@link ImageBusyError} {@link NoSpaceError}
   */
  openForWrite(imageId: string, options?: WriteOptions): Promise<ImageWriter>;
  /**
   * A whole put: published when the source ends, rolled back with its error if it throws. Bytes in hand need no claim
   * (the last put wins); a source that has to be waited for claims the image.
   *
   * @throws {@link ImageBusyError} {@link NoSpaceError} and what the source throws
   */
  writeImage(imageId: string, source: ImageSource, options?: WriteOptions): Promise<void>;

  /** What lies in invalid/, newest first. */
  getInvalidImages(): Promise<InvalidImage[]>;
  getUsage(): Promise<DriverUsage>;

  /** No grace, or 0: all, at once. Resolves to how many there were. */
  reapInvalid(graceSeconds?: number): Promise<number>;
  /** Never a live writer; a dead one of ours always; others without grace, or with 0, at once, else if strictly older. */
  reapStalled(graceSeconds?: number): Promise<number>;
  /** `reapInvalid()` and `reapStalled(stallTimeSeconds)`. Default: the configured stall time. */
  clean(stallTimeSeconds?: number): Promise<CleanResult>;
}

/** An open image. It stays readable to its end whatever happens to the entry meanwhile. */
export interface ImageReader {
  readonly imageId: string;
  readonly size: number;
  readonly lastModifiedMs: number;
  /** The descriptor, for `sendfile` and the like. It is the reader's: do not close it. */
  readonly fd: number;
  /**
   * Like `fs.read`: fills `buffer[offset, offset + length)` from `position`; resolves to the bytes read, 0 at the end.
   *
   * @throws {@link NotOpenError} once the reader is closed or aborted
   */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  readSync(buffer: Uint8Array, offset: number, length: number, position: number): number;
  /** Closes the reader when it ends (a hit, whatever its range) or is destroyed before (no hit). */
  createReadStream(options?: RangeOptions): Readable;
  /**
   * Counts one hit and marks the access; resolves when both are on the file. `counted` is false if the image was evicted
   * meanwhile, may not be written, or stayed locked. Idempotent.
   */
  close(): Promise<{ readonly counted: boolean }>;
  closeSync(): { readonly counted: boolean };
  /** Neither counts nor marks. Idempotent. */
  abort(): Promise<void>;
  abortSync(): void;
  /** `abort()`, unless closed before: a scope that was left cannot say whether it succeeded. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The one live writer of an image. */
export interface ImageWriter {
  readonly imageId: string;
  readonly bytesWritten: number;
  /** Appends. @throws {@link NoSpaceError} */
  write(chunk: Uint8Array): Promise<void>;
  writeSync(chunk: Uint8Array): void;
  /**
   * Publishes the image, with 0 hits, and takes it from the queue. One that fails rolls the writer back. Idempotent.
   *
   * @throws {@link ClaimLostError} {@link NoSpaceError} {@link SizeMismatchError}
   */
  commit(): Promise<void>;
  commitSync(): void;
  /** Moves what there is to invalid/, with the reason in `user.error`. Idempotent; after a commit it does nothing. */
  rollback(reason: unknown): Promise<void>;
  rollbackSync(reason: unknown): void;
  /** `rollback('incomplete fetch')`, unless committed or rolled back before. */
  [Symbol.asyncDispose](): Promise<void>;
}
