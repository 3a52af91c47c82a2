import type { Readable } from 'node:stream';

/** One cached image, as a listing shows it. Sizes are bytes. */
export interface CachedImage {
  /** Its name in the cache, and that of its file. */
  readonly imageId: string;
  /** Bytes, as `ls -l` shows them. */
  readonly size: number;
  /** Bytes on disk (`st_blocks` × 512). */
  readonly allocatedSize: number;
  /** 0 where `user.hits` is missing or unreadable. */
  readonly hits: number;
  /** Milliseconds since the epoch, with the file system's fraction. A time in the future counts as its last use before. */
  readonly lastAccessedMs: number;
  /** Milliseconds since the epoch: when it was committed. */
  readonly lastModifiedMs: number;
}

/** A failed write, kept for debugging. */
export interface InvalidImage {
  /** The image that was being written. */
  readonly imageId: string;
  /** How many bytes there were when it failed. */
  readonly size: number;
  /** Why it failed, from `user.error`; empty if unknown. */
  readonly error: string;
  /** Milliseconds since the epoch: the last write. */
  readonly lastModifiedMs: number;
}

/** What lies beside the images, and the room that is left. */
export interface DriverUsage {
  /** Images that are being written, or were when their writer died. */
  readonly incomplete: number;
  /** Failed writes, kept for debugging. */
  readonly invalid: number;
  /** Images that are asked for. */
  readonly queued: number;
  /** What this user may still write on the file system, in bytes (`f_bavail` of statvfs(3)). */
  readonly freeBytes: number;
  /** `Infinity` where the file system does not count inodes (btrfs). */
  readonly freeInodes: number;
}

/** What {@link CacheDriver.clean} removed. */
export interface CleanResult {
  /** How many failed writes. */
  readonly invalidReaped: number;
  /** How many writes whose writer died or stalled. */
  readonly stalledReaped: number;
}

/** What {@link CacheDriver.evictTo} removed, or with `dryRun` would remove. */
export interface EvictResult {
  /** How many images. */
  readonly filesEvicted: number;
  /** The sum of their sizes. */
  readonly bytesEvicted: number;
  /** Each of them, the least recently accessed first. */
  readonly images: readonly EvictedImage[];
}

/** One that went, or with `dryRun` would go. */
export interface EvictedImage {
  /** Its name in the cache. */
  readonly imageId: string;
  /** Bytes. */
  readonly size: number;
  /** As they stood on the file when it was unlinked. */
  readonly hits: number;
  /** Milliseconds since the epoch: the later of access and commit, of those that do not lie in the future. */
  readonly lastAccessedMs: number;
}

/** How {@link CacheDriver.evictTo} goes about it. */
export interface EvictOptions {
  /** Report what would go, and leave it. @defaultValue false */
  readonly dryRun?: boolean;
  /** Aborting ends it with the signal's reason; what went by then is gone. */
  readonly signal?: AbortSignal;
}

/** Bytes to store: all at once, or as they come. */
export type ImageSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** What is known of an image before it is written. */
export interface WriteOptions {
  /**
   * Bytes. Reserves the space at once (without changing the size that readers see) and is checked at commit.
   *
   * @throws {@link SizeMismatchError}
   */
  readonly expectedSize?: number;
  /** Aborting gives the write up, and leaves nothing of it. */
  readonly signal?: AbortSignal;
}

/** Which part of an image is read. */
export interface RangeOptions {
  /** The first byte. @defaultValue 0 */
  readonly start?: number;
  /** The last byte, inclusive as in `node:fs`. @defaultValue the end of the image */
  readonly end?: number;
  /** Aborting destroys the stream, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * What every driver does: Glance's `image_cache.drivers.base.Driver`, in TypeScript's case. Misses of a question are
 * answers, not errors.
 *
 * Every method rejects with {@link InvalidImageIdError} for an id that cannot be one, with {@link NotOpenError} before
 * `configure()` and after `close()`, and with a {@link CacheError} of code `ERR_IO` where a system call fails that it
 * cannot do without. A wrong argument is a `TypeError` or a `RangeError`.
 */
export interface CacheDriver {
  /**
   * Makes the directories and probes what it needs.
   *
   * @throws {@link BadDriverConfiguration}
   */
  configure(): Promise<void>;
  /** Gives back what the driver holds. Readers and writers that are open stay so. Idempotent. */
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
  /** The image that would be evicted first, with its size in bytes; `undefined` if there is none. One walk. */
  getLeastRecentlyAccessed(): Promise<{ readonly imageId: string; readonly size: number } | undefined>;

  /** Whether the image is there, complete. Neither counts nor marks. */
  isCached(imageId: string): Promise<boolean>;
  /** True for a live writer and for a foreign one; false for one that died. */
  isBeingCached(imageId: string): Promise<boolean>;
  /** Neither cached nor being cached. */
  isCacheable(imageId: string): Promise<boolean>;
  /** Whether somebody has asked for the image to be fetched. */
  isQueued(imageId: string): Promise<boolean>;

  /** Not there: fine. What is being written under this id will not be published. */
  deleteCachedImage(imageId: string): Promise<void>;
  /** Resolves to how many there were. */
  deleteAllCachedImages(): Promise<number>;
  /**
   * Removes images in one pass, least recently accessed first, until those that are left sum to at most `targetSize`.
   * One eviction at a time works on a directory; the next looks again, so that several at once free what one would.
   *
   * @param targetSize - bytes
   * @throws {@link LockTimeoutError} if another eviction went on for longer than a lock is waited for
   */
  evictTo(targetSize: number, options?: EvictOptions): Promise<EvictResult>;

  /** False if the image is cached, being cached or queued already. */
  queueImage(imageId: string): Promise<boolean>;
  /** Oldest first. */
  getQueuedImages(): Promise<string[]>;
  /** Not there: fine. */
  deleteQueuedImage(imageId: string): Promise<void>;
  /** Resolves to how many there were. */
  deleteAllQueuedImages(): Promise<number>;

  /**
   * Opens an image to read it in pieces, or as a stream. Closing the reader counts the hit, aborting it does not.
   *
   * @throws {@link ImageNotFoundError}
   *
   * @example
   * const reader = await driver.openForRead('debian-12');
   * const header = Buffer.alloc(Math.min(512, reader.size));
   * await reader.read(header, 0, header.length, 0);
   * await reader.close(); // counts the hit
   */
  openForRead(imageId: string): Promise<ImageReader>;
  /** The whole image, its hit counted; `undefined` if it is not cached. */
  readImage(imageId: string): Promise<Buffer | undefined>;
  /**
   * Claims the image, so that nobody else writes it meanwhile. Writing a cached image replaces it at commit.
   *
   * @throws {@link ImageBusyError} if a live writer has it
   * @throws {@link NoSpaceError} if there is no room for `expectedSize`
   *
   * @example
   * await using writer = await driver.openForWrite('debian-12'); // rolled back, unless committed
   * for await (const chunk of chunks) await writer.write(chunk);
   * await writer.commit();
   */
  openForWrite(imageId: string, options?: WriteOptions): Promise<ImageWriter>;
  /**
   * A whole put: published when the source ends, rolled back with its error if it throws. Bytes in hand need no claim
   * (the last put wins); a source that has to be waited for claims the image.
   *
   * @throws {@link ImageBusyError} if a live writer has the image, and the source has to be waited for
   * @throws {@link NoSpaceError} {@link SizeMismatchError} {@link ClaimLostError}
   * @throws what the source throws, or the signal's reason
   */
  writeImage(imageId: string, source: ImageSource, options?: WriteOptions): Promise<void>;

  /** What lies in invalid/, newest first. */
  getInvalidImages(): Promise<InvalidImage[]>;
  /** What lies beside the images, and how much room the file system has. */
  getUsage(): Promise<DriverUsage>;

  /**
   * Removes failed writes that are older than a grace. Resolves to how many there were.
   *
   * @param graceSeconds - none, or 0: all, at once
   */
  reapInvalid(graceSeconds?: number): Promise<number>;
  /**
   * Removes what writers left behind: never a live writer's, a dead one's of ours always, and that of others, of whom
   * nothing but their age is known, if it is strictly older than a grace. Resolves to how many there were.
   *
   * @param graceSeconds - none, or 0: at once
   */
  reapStalled(graceSeconds?: number): Promise<number>;
  /**
   * `reapInvalid()` and `reapStalled(stallTimeSeconds)`: Glance's `clean()`.
   *
   * @param stallTimeSeconds - by default that of the driver's options
   */
  clean(stallTimeSeconds?: number): Promise<CleanResult>;
}

/** An open image. It stays readable to its end whatever happens to the entry meanwhile. */
export interface ImageReader {
  /** The image that was opened. */
  readonly imageId: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch: when the image was committed. */
  readonly lastModifiedMs: number;
  /** The descriptor, for `sendfile` and the like. It is the reader's: do not close it. */
  readonly fd: number;
  /**
   * Like `fs.read`: fills `buffer[offset, offset + length)`; resolves to how many bytes were read, 0 at the end.
   *
   * @param buffer - where the bytes go
   * @param offset - where in `buffer` they begin
   * @param length - how many bytes at most
   * @param position - where in the image they begin
   * @throws {@link NotOpenError} once the reader is closed or aborted
   */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /** The synchronous form of {@link read}. */
  readSync(buffer: Uint8Array, offset: number, length: number, position: number): number;
  /** Closes the reader when it ends (a hit, whatever its range) or is destroyed before (no hit). */
  createReadStream(options?: RangeOptions): Readable;
  /**
   * Counts one hit and marks the access; resolves when both are on the file. `counted` is false if the image was evicted
   * meanwhile, may not be written, or stayed locked. Idempotent.
   *
   * The hit is added under `flock` on the image, and the access time set with utimensat(2), whatever the mount's atime.
   */
  close(): Promise<{ readonly counted: boolean }>;
  /** The synchronous form of {@link close}. Waits for a lock where it stands. */
  closeSync(): { readonly counted: boolean };
  /** Neither counts nor marks. Idempotent. */
  abort(): Promise<void>;
  /** The synchronous form of {@link abort}. */
  abortSync(): void;
  /** `abort()`, unless closed before: a scope that was left cannot say whether it succeeded. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The one live writer of an image. */
export interface ImageWriter {
  /** The image that is claimed. */
  readonly imageId: string;
  /** How many bytes were appended so far. */
  readonly bytesWritten: number;
  /**
   * Appends. A write that fails leaves the writer as it was, to be tried again or rolled back.
   *
   * @throws {@link NoSpaceError}
   */
  write(chunk: Uint8Array): Promise<void>;
  /** The synchronous form of {@link write}. */
  writeSync(chunk: Uint8Array): void;
  /**
   * Publishes the image, with 0 hits, and takes it from the queue. One that fails rolls the writer back. Idempotent.
   *
   * @throws {@link ClaimLostError} if the image was deleted meanwhile
   * @throws {@link SizeMismatchError} if there are not as many bytes as `expectedSize` said
   * @throws {@link NoSpaceError}
   */
  commit(): Promise<void>;
  /** The synchronous form of {@link commit}. */
  commitSync(): void;
  /**
   * Moves what there is to invalid/, with the reason in `user.error`. If there are more bytes than `maxInvalidSize`, only
   * the reason is kept. Idempotent; after a commit it does nothing.
   *
   * @param reason - an error, whose code and message are kept, or a text
   */
  rollback(reason: unknown): Promise<void>;
  /** The synchronous form of {@link rollback}. */
  rollbackSync(reason: unknown): void;
  /** Rolls back without a trace in invalid/, unless committed or rolled back before: nothing is known to be wrong. */
  [Symbol.asyncDispose](): Promise<void>;
}
