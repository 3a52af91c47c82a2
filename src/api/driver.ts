import type { Readable } from 'node:stream';

/**
 * A cached image in a listing.
 *
 * @since 0.1.0
 */
export interface CachedImage {
  /** Image id, which is also the name of the file. */
  readonly imageId: string;
  /** Size in bytes, as in `ls -l`. */
  readonly size: number;
  /** Size on disk in bytes (`st_blocks` × 512). */
  readonly allocatedSize: number;
  /** Number of hits; 0 if `user.hits` is missing or unreadable. */
  readonly hits: number;
  /**
   * Time of the last access in milliseconds since the epoch, with the fraction that the file system keeps. If the time
   * is in the future, the last use before it.
   */
  readonly lastAccessedMs: number;
  /** Time of the commit in milliseconds since the epoch. */
  readonly lastModifiedMs: number;
}

/**
 * A failed write in `invalid/`, kept for debugging.
 *
 * @since 0.1.0
 */
export interface InvalidImage {
  /** Id of the image that was being written. */
  readonly imageId: string;
  /** Number of bytes written before the failure. */
  readonly size: number;
  /** Reason of the failure, from `user.error`; empty if unknown. */
  readonly error: string;
  /** Time of the last write in milliseconds since the epoch. */
  readonly lastModifiedMs: number;
}

/**
 * Number of files beside the images, and the free space.
 *
 * @since 0.1.0
 */
export interface DriverUsage {
  /** Number of images that are being written, including those of dead writers. */
  readonly incomplete: number;
  /** Number of failed writes in `invalid/`. */
  readonly invalid: number;
  /** Number of requests in the queue. */
  readonly queued: number;
  /** Bytes that this user may still write on the file system (`f_bavail` of statvfs(3)). */
  readonly freeBytes: number;
  /** Number of free inodes; `Infinity` if the file system does not count inodes (btrfs). */
  readonly freeInodes: number;
}

/**
 * Result of {@link CacheDriver.clean}.
 *
 * @since 0.1.0
 */
export interface CleanResult {
  /** Number of failed writes that were removed. */
  readonly invalidReaped: number;
  /** Number of writes removed because their writer was dead or stalled. */
  readonly stalledReaped: number;
}

/**
 * Result of {@link CacheDriver.evictTo}: the images that were removed, or with `dryRun` would be.
 *
 * @since 0.1.0
 */
export interface EvictResult {
  /** Number of images. */
  readonly filesEvicted: number;
  /** Sum of their sizes in bytes. */
  readonly bytesEvicted: number;
  /** The images, the least recently accessed first. */
  readonly images: readonly EvictedImage[];
}

/**
 * An image that was evicted, or with `dryRun` would be.
 *
 * @since 0.1.0
 */
export interface EvictedImage {
  /** Image id. */
  readonly imageId: string;
  /** Size in bytes. */
  readonly size: number;
  /** Number of hits on the file when it was unlinked. */
  readonly hits: number;
  /** Later of the last access and the commit in milliseconds since the epoch. A time in the future does not count. */
  readonly lastAccessedMs: number;
}

/**
 * Options of {@link CacheDriver.evictTo}.
 *
 * @since 0.1.0
 */
export interface EvictOptions {
  /** Report the images that would be removed, without removing them. @defaultValue false */
  readonly dryRun?: boolean;
  /** An abort ends the eviction with the signal's reason. Images removed by then stay removed. */
  readonly signal?: AbortSignal;
}

/**
 * Bytes to store: one buffer, or chunks.
 *
 * @since 0.1.0
 */
export type ImageSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/**
 * Options of a write.
 *
 * @since 0.1.0
 */
export interface WriteOptions {
  /**
   * Size of the image in bytes. Its space is reserved immediately, without a change of the size that readers see. A
   * commit of another number of bytes fails with {@link SizeMismatchError}.
   */
  readonly expectedSize?: number;
  /** An abort ends the write with the signal's reason, and leaves nothing behind. */
  readonly signal?: AbortSignal;
}

/**
 * Options of a stream that reads an image or a part of it.
 *
 * @since 0.1.0
 */
export interface RangeOptions {
  /** Position of the first byte. @defaultValue 0 */
  readonly start?: number;
  /** Position of the last byte, inclusive as in `node:fs`. @defaultValue the end of the image */
  readonly end?: number;
  /** An abort destroys the stream with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Storage engine of a cache. The interface is Glance's `image_cache.drivers.base.Driver`, in TypeScript's case. An
 * image that is not cached is no error of a query.
 *
 * Every method rejects with {@link InvalidImageIdError} for an invalid id, with {@link NotOpenError} before
 * `configure()` and after `close()`, and with a {@link CacheError} of code `ERR_IO` if a necessary system call fails. A
 * wrong argument is a
 * `TypeError` or a `RangeError`.
 *
 * @since 0.1.0
 */
export interface CacheDriver {
  /**
   * Creates the directories and probes the file system.
   *
   * @throws {@link BadDriverConfiguration} if the directory cannot be used
   */
  configure(): Promise<void>;
  /** Releases the resources of the driver. Open readers and writers stay open. Idempotent. */
  close(): Promise<void>;

  /** Returns the sum of the images' sizes in bytes. */
  getCacheSize(): Promise<number>;
  /** Returns the number of hits of an image. If the image is not cached, returns 0. */
  getHitCount(imageId: string): Promise<number>;
  /** Returns the size of an image in bytes. If the image is not cached, returns 0. */
  getImageSize(imageId: string): Promise<number>;
  /** Returns all images, ordered by the bytes of their ids. */
  getCachedImages(): Promise<CachedImage[]>;
  /** Returns all images in batches, in no order, for caches too large for one array. */
  cachedImages(): AsyncIterable<readonly CachedImage[]>;
  /**
   * Returns the image that would be evicted first, with its size in bytes. If the cache is empty, returns `undefined`.
   * Walks the directory once.
   */
  getLeastRecentlyAccessed(): Promise<{ readonly imageId: string; readonly size: number } | undefined>;

  /** Returns true if the image is cached. Counts no hit, and leaves the access time. */
  isCached(imageId: string): Promise<boolean>;
  /** Returns true if a live or a foreign writer is writing the image. A dead writer does not count. */
  isBeingCached(imageId: string): Promise<boolean>;
  /** Returns true if the image is neither cached nor being cached. */
  isCacheable(imageId: string): Promise<boolean>;
  /** Returns true if the image is in the queue. */
  isQueued(imageId: string): Promise<boolean>;

  /**
   * Removes an image. Does nothing if the image is not cached. A write in progress for this id will not be published.
   */
  deleteCachedImage(imageId: string): Promise<void>;
  /** Removes all cached images. Returns their number. */
  deleteAllCachedImages(): Promise<number>;
  /**
   * Removes images in one pass, least recently accessed first, until the remaining images sum to at most `targetSize`.
   * Evictions of one directory run one after another, and each walks anew. So concurrent ones remove no more than one
   * would.
   *
   * @param targetSize - bytes
   * @throws {@link LockTimeoutError} if another eviction lasts longer than the lock timeout
   */
  evictTo(targetSize: number, options?: EvictOptions): Promise<EvictResult>;

  /** Adds an image to the queue. Returns false if the image is cached, being cached or queued already. */
  queueImage(imageId: string): Promise<boolean>;
  /** Returns the ids in the queue, the oldest request first. */
  getQueuedImages(): Promise<string[]>;
  /** Removes an image from the queue. Does nothing if the image is not queued. */
  deleteQueuedImage(imageId: string): Promise<void>;
  /** Removes all requests from the queue. Returns their number. */
  deleteAllQueuedImages(): Promise<number>;

  /**
   * Opens an image to read it in pieces, or as a stream. Closing the reader counts a hit; aborting it does not.
   *
   * @throws {@link ImageNotFoundError} if the image is not cached
   *
   * @example
   * const reader = await driver.openForRead('debian-12');
   * const header = Buffer.alloc(Math.min(512, reader.size));
   * await reader.read(header, 0, header.length, 0);
   * await reader.close(); // counts the hit
   */
  openForRead(imageId: string): Promise<ImageReader>;
  /** Returns the whole image, and counts a hit. If the image is not cached, returns `undefined`. */
  readImage(imageId: string): Promise<Buffer | undefined>;
  /**
   * Claims an image, which excludes other writers until the end of this one. The commit replaces a cached image.
   *
   * @throws {@link ImageBusyError} if a live or a foreign writer is writing the image
   * @throws {@link NoSpaceError} if `expectedSize` bytes do not fit
   *
   * @example
   * await using writer = await driver.openForWrite('debian-12'); // rolled back, unless committed
   * for await (const chunk of chunks) await writer.write(chunk);
   * await writer.commit();
   */
  openForWrite(imageId: string, options?: WriteOptions): Promise<ImageWriter>;
  /**
   * Stores an image. Publishes it when the source ends, and rolls back if the source throws. Bytes in memory need no
   * claim: the last put wins. An asynchronous source claims the image.
   *
   * @throws {@link ImageBusyError} if the source is asynchronous, and a live or a foreign writer is writing the image
   * @throws {@link NoSpaceError} {@link SizeMismatchError} {@link ClaimLostError}
   * @throws the error of the source, or the signal's reason
   */
  writeImage(imageId: string, source: ImageSource, options?: WriteOptions): Promise<void>;

  /** Returns the failed writes in `invalid/`, the latest first. */
  getInvalidImages(): Promise<InvalidImage[]>;
  /** Returns the number of files beside the images, and the free space of the file system. */
  getUsage(): Promise<DriverUsage>;

  /**
   * Removes failed writes that are older than a grace. Returns their number.
   *
   * @param graceSeconds - without it, or with 0, all failed writes are removed
   */
  reapInvalid(graceSeconds?: number): Promise<number>;
  /**
   * Removes leftovers of our dead writers immediately, and those of foreign writers, whose liveness is unknown, once
   * they are older than a grace. Never touches a live writer. Returns the number of writes removed.
   *
   * @param graceSeconds - without it, or with 0, leftovers of foreign writers of any age are removed
   */
  reapStalled(graceSeconds?: number): Promise<number>;
  /**
   * Runs `reapInvalid()` and `reapStalled(stallTimeSeconds)`, as Glance's `clean()` does.
   *
   * @param stallTimeSeconds - default: that of the driver's options
   */
  clean(stallTimeSeconds?: number): Promise<CleanResult>;
}

/**
 * An open image. It stays readable to its end, even if it is evicted, deleted or replaced meanwhile.
 *
 * @since 0.1.0
 */
export interface ImageReader {
  /** Id of the open image. */
  readonly imageId: string;
  /** Size in bytes. */
  readonly size: number;
  /** Time of the commit in milliseconds since the epoch. */
  readonly lastModifiedMs: number;
  /** File descriptor, for example for `sendfile`. The reader owns it: do not close it. */
  readonly fd: number;
  /**
   * Reads into `buffer[offset, offset + length)`, like `fs.read`. Returns the number of bytes read, and 0 at the end.
   *
   * @param buffer - receives the bytes
   * @param offset - position of the first byte in `buffer`
   * @param length - largest number of bytes
   * @param position - position of the first byte in the image
   * @throws {@link NotOpenError} if the reader was closed or aborted
   */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /** Synchronous form of {@link read}. */
  readSync(buffer: Uint8Array, offset: number, length: number, position: number): number;
  /**
   * Returns a stream of the image or a part of it. The end of the stream closes the reader and counts a hit, for any
   * range. A stream that is destroyed earlier aborts the reader.
   */
  createReadStream(options?: RangeOptions): Readable;
  /**
   * Counts a hit, sets the access time, and resolves when both are on the file. `counted` is false if the image was
   * evicted meanwhile, cannot be written by this process, or stayed locked. Idempotent.
   *
   * The hit is added under `flock` on the image. The access time is set with utimensat(2), independently of mount
   * options.
   */
  close(): Promise<{ readonly counted: boolean }>;
  /** Synchronous form of {@link close}. Blocks while it waits for a lock. */
  closeSync(): { readonly counted: boolean };
  /** Closes the reader without counting a hit or setting the access time. Idempotent. */
  abort(): Promise<void>;
  /** Synchronous form of {@link abort}. */
  abortSync(): void;
  /** Aborts the reader, unless it was closed: a scope that ends early cannot report success. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The only live writer of an image.
 *
 * @since 0.1.0
 */
export interface ImageWriter {
  /** Id of the claimed image. */
  readonly imageId: string;
  /** Number of bytes appended so far. */
  readonly bytesWritten: number;
  /**
   * Appends bytes. A failed write leaves the writer unchanged: try again, or roll back.
   *
   * @throws {@link NoSpaceError} if the bytes do not fit
   */
  write(chunk: Uint8Array): Promise<void>;
  /** Synchronous form of {@link write}. */
  writeSync(chunk: Uint8Array): void;
  /**
   * Publishes the image with 0 hits, and removes it from the queue. A failed commit rolls the writer back. Idempotent.
   *
   * @throws {@link ClaimLostError} if the image was deleted meanwhile
   * @throws {@link SizeMismatchError} if the number of bytes is not `expectedSize`
   * @throws {@link NoSpaceError} if the disk is full
   */
  commit(): Promise<void>;
  /** Synchronous form of {@link commit}. */
  commitSync(): void;
  /**
   * Moves the bytes to `invalid/`, with the reason in `user.error`. Of a write larger than `maxInvalidSize`, only the
   * reason is kept. Idempotent. Does nothing after a commit.
   *
   * @param reason - an error, of which the code and the message are kept, or a text
   */
  rollback(reason: unknown): Promise<void>;
  /** Synchronous form of {@link rollback}. */
  rollbackSync(reason: unknown): void;
  /** Discards the write without an entry in `invalid/`, unless it was committed or rolled back. */
  [Symbol.asyncDispose](): Promise<void>;
}
