import type { Readable, Writable } from 'node:stream';
import type {
  CacheDriver,
  CachedImage,
  CleanResult,
  DriverUsage,
  EvictOptions,
  EvictResult,
  ImageReader,
  ImageSource,
  ImageWriter,
  InvalidImage,
  RangeOptions,
  WriteOptions,
} from '../api/driver.ts';
import type { CheckpointState, RecoverOptions, RecoverResult } from '../api/durability.ts';
import { NotOpenError, toCacheError } from '../api/errors.ts';
import { assertImageId } from '../api/image-id.ts';
import { type Acquired, type AcquireOptions, sharedProtocol } from '../api/shared-driver.ts';
import type { VerifyOptions, VerifyResult } from '../api/verify.ts';
import { assertBytes, assertCount, assertNonNegative, assertOneOf } from '../base/validate.ts';
import { native } from '../native/native.ts';
import { ImageReadStream } from '../streams/image-read-stream.ts';
import { ImageWriteStream } from '../streams/image-write-stream.ts';
import { LockedSource } from '../streams/locked-source.ts';
import { assertWriteOptions, putChunks } from '../streams/put-chunks.ts';
import { assertSource, isBuffered, stopSource } from '../streams/source-chunks.ts';
import { acquireImage } from './acquire-image.ts';
import { type Capabilities, copiesUp } from './capabilities.ts';
import { Checkpointer, readCheckpointState } from './checkpointer.ts';
import { addCommittedBytes } from './committed-counter.ts';
import { configureDirectory, recoverAt } from './configure.ts';
import { DriverContext } from './driver-context.ts';
import { EngineCalls, type ImagePlace } from './engine-calls.ts';
import { assertEvictOptions, evictImages } from './eviction.ts';
import { XattrImageReader } from './image-reader.ts';
import { listCachedImages, listInvalidImages, scanCachedImages } from './listing.ts';
import { assertDriverOptions, type ResolvedDriverOptions, type XattrDriverOptions } from './options.ts';
import { openImage, readWholeImage, readWholeImageSync } from './read-image.ts';
import { assertRecoverOptions, recoverNow } from './recover.ts';
import { Reporter } from './reporter.ts';
import { verifyImage } from './verify-image.ts';
import { claimImage, claimImageSync, putBytes, putBytesSync } from './write-image.ts';

// A registered symbol also recognizes the driver of a second copy of this package, unlike `instanceof`.
const brand = Symbol.for('xattr-cache.XattrDriver');

/** Returns whether `driver` is an {@link XattrDriver}, of this copy of the package or another. */
export function isXattrDriver(driver: CacheDriver): driver is XattrDriver {
  return brand in driver;
}

/**
 * The cache driver on plain files and extended attributes. It has the directory layout of Glance's
 * `image_cache.drivers.xattr.Driver`, and any number of processes may use one directory concurrently.
 *
 * @since 0.1.0
 *
 * @example
 * const driver = await XattrDriver.open({ dir: '/var/cache/images' });
 * await driver.writeImage('debian-12', bytes);
 * const image = await driver.readImage('debian-12'); // a Buffer, its hit counted
 */
export class XattrDriver implements CacheDriver {
  static {
    Object.defineProperty(XattrDriver.prototype, brand, { value: true });
  }

  /** @internal */
  readonly protocol: typeof sharedProtocol = sharedProtocol;
  /** The cache directory, as an absolute path. */
  readonly dir: string;
  readonly #options: ResolvedDriverOptions;
  readonly #engine: EngineCalls;
  #configuring: Promise<void> | undefined;
  #capabilities: Capabilities | undefined;
  #checkpointer: Checkpointer | undefined;

  /** Makes a driver. Does not touch the directory before {@link configure}. */
  constructor(options: XattrDriverOptions) {
    this.#options = assertDriverOptions(options);
    this.dir = this.#options.dir;
    this.#engine = new EngineCalls(this.dir);
  }

  /** Makes and configures a driver. @throws {@link BadDriverConfiguration} if the directory cannot be used */
  static async open(options: XattrDriverOptions): Promise<XattrDriver> {
    const driver = new XattrDriver(options);
    await driver.configure();
    return driver;
  }

  async configure(): Promise<void> {
    this.#configuring ??= this.#configure().catch((error: unknown) => {
      this.#configuring = undefined;
      throw error;
    });
    return this.#configuring;
  }

  async #configure(): Promise<void> {
    const report = new Reporter(this.dir, this.#options.logger);
    const configured = await configureDirectory(this.dir, this.#options.durability, report);
    const { directory, capabilities, durability } = configured;
    const { inline = !capabilities.remote, checkpointIntervalMs } = this.#options;
    this.#capabilities = capabilities;
    const context = new DriverContext(directory, this.#options, report, {
      inline,
      inlineReads: capabilities.cachedOpen && capabilities.nowaitRead,
      inlineWrites: !copiesUp(capabilities.fileSystem),
      locks: capabilities.locks,
      remote: capabilities.remote,
    });
    this.#engine.context = context;
    if (durability === 'none' || !capabilities.checkpoint) return;
    this.#checkpointer = new Checkpointer(context, checkpointIntervalMs);
  }

  async close(): Promise<void> {
    await this.#configuring?.catch(() => {});
    const checkpointer = this.#checkpointer;
    this.#checkpointer = undefined;
    await checkpointer?.close();
    this.#engine.close();
    this.#configuring = undefined;
  }

  /** Closes the driver, at the end of `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Properties of the directory's file system. @throws {@link NotOpenError} before `configure()` */
  get capabilities(): Capabilities {
    if (!this.#capabilities) throw new NotOpenError('the driver is not configured: call configure() first');
    return this.#capabilities;
  }

  /**
   * Returns the path of the file of an image, whether or not the file exists.
   *
   * @param state - `cached`, or one of the other directories: `incomplete`, `invalid`, `queue`
   */
  getImageFilepath(imageId: string, state: ImagePlace = 'cached'): string {
    assertImageId(imageId);
    assertOneOf(state, ['cached', 'incomplete', 'invalid', 'queue'], 'state');
    return this.#engine.path(imageId, state);
  }

  async getCacheSize(): Promise<number> {
    return this.#engine.callForDirectory(native.sumImagesAsync);
  }

  async getCachedImages(): Promise<CachedImage[]> {
    return this.#engine.callForDirectory(listCachedImages);
  }

  async *cachedImages(): AsyncGenerator<readonly CachedImage[], void, void> {
    try {
      yield* scanCachedImages(this.#engine.opened.directory);
    } catch (error) {
      throw toCacheError(error, { path: this.dir });
    }
  }

  async getLeastRecentlyAccessed(): Promise<{ readonly imageId: string; readonly size: number } | undefined> {
    return this.#engine.callForDirectory(native.findColdestAsync);
  }

  async getUsage(): Promise<DriverUsage> {
    const { freeInodes = Number.POSITIVE_INFINITY, ...usage } = await this.#engine.callForDirectory(
      native.measureUsageAsync,
    );
    return { ...usage, freeInodes };
  }

  async getInvalidImages(): Promise<InvalidImage[]> {
    return this.#engine.callForDirectory(listInvalidImages);
  }

  async getHitCount(imageId: string): Promise<number> {
    return this.#engine.callForImage(imageId, (directory) => native.readHitsAsync(directory, imageId));
  }

  /** The synchronous form of {@link getHitCount}. */
  getHitCountSync(imageId: string): number {
    return this.#engine.callForImageSync(imageId, (directory) => native.readHitsSync(directory, imageId));
  }

  async getImageSize(imageId: string): Promise<number> {
    return Math.max(0, await this.#find(imageId));
  }

  /** The synchronous form of {@link getImageSize}. */
  getImageSizeSync(imageId: string): number {
    return Math.max(0, this.#findSync(imageId));
  }

  async isCached(imageId: string): Promise<boolean> {
    return (await this.#find(imageId)) >= 0;
  }

  /** The synchronous form of {@link isCached}. */
  isCachedSync(imageId: string): boolean {
    return this.#findSync(imageId) >= 0;
  }

  async isBeingCached(imageId: string): Promise<boolean> {
    return this.#engine.callForImage(imageId, (directory, { stall }) =>
      native.isBeingCachedAsync(directory, imageId, ...stall),
    );
  }

  /** The synchronous form of {@link isBeingCached}. */
  isBeingCachedSync(imageId: string): boolean {
    return this.#engine.callForImageSync(imageId, (directory, { stall }) =>
      native.isBeingCachedSync(directory, imageId, ...stall),
    );
  }

  async isCacheable(imageId: string): Promise<boolean> {
    return !(await this.isCached(imageId)) && !(await this.isBeingCached(imageId));
  }

  /** The synchronous form of {@link isCacheable}. */
  isCacheableSync(imageId: string): boolean {
    return !this.isCachedSync(imageId) && !this.isBeingCachedSync(imageId);
  }

  async isQueued(imageId: string): Promise<boolean> {
    return this.#engine.callForImage(imageId, (directory) => native.isQueuedAsync(directory, imageId));
  }

  /** The synchronous form of {@link isQueued}. */
  isQueuedSync(imageId: string): boolean {
    return this.#engine.callForImageSync(imageId, (directory) => native.isQueuedSync(directory, imageId));
  }

  async queueImage(imageId: string): Promise<boolean> {
    return this.#engine.callForImage(imageId, (directory, { stall }) =>
      native.queueImageAsync(directory, imageId, ...stall),
    );
  }

  /** The synchronous form of {@link queueImage}. */
  queueImageSync(imageId: string): boolean {
    return this.#engine.callForImageSync(imageId, (directory, { stall }) =>
      native.queueImageSync(directory, imageId, ...stall),
    );
  }

  async getQueuedImages(): Promise<string[]> {
    return this.#engine.callForDirectory(native.listQueueAsync);
  }

  async deleteQueuedImage(imageId: string): Promise<void> {
    await this.#engine.callForImage(imageId, (directory) => native.dequeueImageAsync(directory, imageId));
  }

  /** The synchronous form of {@link deleteQueuedImage}. */
  deleteQueuedImageSync(imageId: string): void {
    this.#engine.callForImageSync(imageId, (directory) => native.dequeueImageSync(directory, imageId));
  }

  async deleteAllQueuedImages(): Promise<number> {
    return this.#engine.callForDirectory(native.dequeueAllAsync);
  }

  async openForRead(imageId: string): Promise<ImageReader> {
    return this.#engine.callForImage(imageId, async (_directory, context) => {
      const image = await openImage(context, imageId);
      if (image === undefined) throw this.#engine.notFound(context, imageId);
      return new XattrImageReader(context, imageId, image);
    });
  }

  /** The synchronous form of {@link openForRead}. */
  openForReadSync(imageId: string): ImageReader {
    return this.#engine.callForImageSync(imageId, (directory, context) => {
      const image = native.openImageSync(directory, imageId);
      if (image === undefined) throw this.#engine.notFound(context, imageId);
      return new XattrImageReader(context, imageId, image);
    });
  }

  async readImage(imageId: string): Promise<Buffer | undefined> {
    return this.#engine.callForImage(imageId, async (_directory, context) => {
      const bytes = await readWholeImage(context, imageId);
      if (bytes === undefined) context.report.miss(imageId);
      return bytes;
    });
  }

  /** The synchronous form of {@link readImage}. Waits for a lock on the calling thread. */
  readImageSync(imageId: string): Buffer | undefined {
    return this.#engine.callForImageSync(imageId, (_directory, context) => {
      const bytes = readWholeImageSync(context, imageId);
      if (bytes === undefined) context.report.miss(imageId);
      return bytes;
    });
  }

  /** Returns a range of an image as a stream. The end of the range counts a hit. */
  createReadStream(imageId: string, options: RangeOptions = {}): Readable {
    assertImageId(imageId);
    return new ImageReadStream(() => this.openForRead(imageId), options);
  }

  async openForWrite(imageId: string, options: WriteOptions = {}): Promise<ImageWriter> {
    const checked = assertWriteOptions(options);
    return this.#engine.callForImage(
      imageId,
      (_directory, context) => claimImage(context, imageId, checked),
      checked.signal,
    );
  }

  /** The synchronous form of {@link openForWrite}. */
  openForWriteSync(imageId: string, options: WriteOptions = {}): ImageWriter {
    const checked = assertWriteOptions(options);
    return this.#engine.callForImageSync(imageId, (_directory, context) => claimImageSync(context, imageId, checked));
  }

  async writeImage(imageId: string, source: ImageSource, options: WriteOptions = {}): Promise<void> {
    assertSource(source);
    const checked = assertWriteOptions(options);
    if (isBuffered(source)) {
      const { signal } = checked;
      return await this.#engine.callForImage(
        imageId,
        (_, context) => putBytes(context, imageId, source, checked),
        signal,
      );
    }
    const locked = new LockedSource(source);
    const writer = await this.openForWrite(imageId, checked).catch((error: unknown) => {
      if (checked.signal?.aborted) stopSource(locked.chunks);
      else locked.release();
      throw error;
    });
    await putChunks(writer, locked.chunks, checked);
  }

  /** The synchronous form of {@link writeImage}, for bytes in memory. */
  writeImageSync(imageId: string, bytes: Uint8Array): void {
    assertBytes(bytes, 'bytes');
    this.#engine.callForImageSync(imageId, (_directory, context) => putBytesSync(context, imageId, bytes));
  }

  /** Returns a stream that writes an image. It commits before `finish`. A destroy, or a missing `end`, rolls back. */
  createWriteStream(imageId: string, options: WriteOptions = {}): Writable {
    assertImageId(imageId);
    const checked = assertWriteOptions(options);
    return new ImageWriteStream(() => this.openForWrite(imageId, checked), checked);
  }

  async deleteCachedImage(imageId: string): Promise<void> {
    await this.#engine.callForImage(imageId, (directory) => native.deleteImageAsync(directory, imageId));
  }

  /** The synchronous form of {@link deleteCachedImage}. */
  deleteCachedImageSync(imageId: string): void {
    this.#engine.callForImageSync(imageId, (directory) => native.deleteImageSync(directory, imageId));
  }

  async deleteAllCachedImages(): Promise<number> {
    return this.#engine.callForDirectory(native.deleteAllImagesAsync);
  }

  async evictTo(targetSize: number, options: EvictOptions = {}): Promise<EvictResult> {
    assertCount(targetSize, 'targetSize');
    const checked = assertEvictOptions(options);
    return this.#engine.callForDirectory((_directory, context) => evictImages(context, targetSize, checked));
  }

  /**
   * Resolves when everything published before the call is on disk. A checkpoint holds at the next boot, too; without one
   * (`durability: 'none'`, or a file system that does not keep it) the file system is synced. A recovery that failed
   * when the cache was opened comes first.
   *
   * @throws {@link CacheError} with `ERR_IO` if writes to the disk have failed: images that may be damaged were dropped;
   *   or if the recovery fails again
   * @throws {@link LockTimeoutError} if another process was making a checkpoint for a minute
   */
  async checkpoint(): Promise<void> {
    await this.#engine.callForDirectory(async (directory, { report }) => {
      if (this.#checkpointer) return this.#checkpointer.checkpoint();
      if ((await native.recoveryNeedAsync(directory)) === 'other boot') await recoverNow(directory, report);
      await native.syncFileSystemAsync(directory);
    });
  }

  /** How far the cache is on disk, by one walk over the images. */
  async getCheckpointState(): Promise<CheckpointState> {
    return this.#engine.callForDirectory(readCheckpointState);
  }

  /**
   * Verifies or drops the images that no checkpoint vouches for, as {@link configure} does after a boot, and makes a
   * checkpoint. Resolves to undefined if the last checkpoint is of this boot, or there was none.
   *
   * @throws {@link BadDriverConfiguration} {@link LockTimeoutError}
   */
  static async recover(options: XattrDriverOptions, kind: RecoverOptions = {}): Promise<RecoverResult | undefined> {
    const { dir, logger } = assertDriverOptions(options);
    return recoverAt(dir, assertRecoverOptions(kind), new Reporter(dir, logger));
  }

  async reapInvalid(graceSeconds = 0): Promise<number> {
    assertNonNegative(graceSeconds, 'graceSeconds');
    return this.#engine.callForDirectory(async (directory, context) => {
      const count = await native.reapInvalidAsync(directory, graceSeconds);
      context.report.reaped('invalid', count);
      return count;
    });
  }

  async reapStalled(graceSeconds = 0): Promise<number> {
    assertNonNegative(graceSeconds, 'graceSeconds');
    return this.#engine.callForDirectory(async (directory, context) => {
      const count = await native.reapStalledAsync(directory, graceSeconds, ...context.stall);
      context.report.reaped('incomplete', count);
      return count;
    });
  }

  async clean(stallTimeSeconds: number = this.#options.stallTimeSeconds): Promise<CleanResult> {
    assertNonNegative(stallTimeSeconds, 'stallTimeSeconds');
    const invalidReaped = await this.reapInvalid();
    return { invalidReaped, stalledReaped: await this.reapStalled(stallTimeSeconds) };
  }

  /** @internal */
  async acquire(imageId: string, options: AcquireOptions): Promise<Acquired> {
    return acquireImage({ driver: this, engine: this.#engine, imageId }, options);
  }

  /** @internal */
  async verifyImage(imageId: string, options: VerifyOptions): Promise<VerifyResult> {
    return verifyImage(this.#engine, imageId, options);
  }

  /** @internal */
  async addCommitted(bytes: number): Promise<number> {
    return addCommittedBytes(this.#engine, bytes);
  }

  /** Returns the size of an image, or -1 if it is not cached. */
  async #find(imageId: string): Promise<number> {
    return this.#engine.callForImage(imageId, (directory) => native.findImageAsync(directory, imageId));
  }

  #findSync(imageId: string): number {
    return this.#engine.callForImageSync(imageId, (directory) => native.findImageSync(directory, imageId));
  }
}
