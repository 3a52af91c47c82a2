import type { CacheDriver, EvictOptions, EvictResult, ImageWriter } from './driver.ts';
import type { EvictEvent } from './events.ts';
import type { LiveImage, OwnLiveImage } from './live-image.ts';
import type { VerifyOptions, VerifyResult } from './verify.ts';

/** Symbol of this copy of the package. {@link SharedDriver} is internal, and may differ between copies. */
export const sharedProtocol: unique symbol = Symbol('xattr-cache.SharedDriver');

/**
 * A driver whose caches, in this process and in others, can share the writing of an image. The manager and shared
 * fetches speak to a driver through this interface and {@link CacheDriver} alone. Internal.
 */
export interface SharedDriver extends CacheDriver {
  readonly protocol: typeof sharedProtocol;
  /** Drivers with the same name here have the same images. */
  readonly dir: string;

  /**
   * Opens an image that was not cached a moment ago, claims it, or follows its writer. Waits a little for a writer that
   * has just ended.
   *
   * @throws the signal's reason, `ERR_NOT_OPEN`, or an error that makes the cache unusable
   */
  acquire(imageId: string, options: AcquireOptions): Promise<Acquired>;

  /** Compares a cached image with its recorded digest; see {@link ImageCache.verify}. */
  verifyImage(imageId: string, options: VerifyOptions): Promise<VerifyResult>;

  /** Evicts like {@link CacheDriver.evictTo}, with a reason for the events. */
  evictTo(targetSize: number, options?: SharedEvictOptions): Promise<EvictResult>;

  /**
   * Adds to the number of bytes that all caches of this directory have committed, and returns the sum. The number is a
   * hint: it may be lost.
   *
   * @throws if the number cannot be updated, for example because another process holds the lock
   */
  addCommitted(bytes: number): Promise<number>;
}

/** Options of {@link SharedDriver.acquire}. */
export interface AcquireOptions {
  /** Number of bytes to reserve with a claim. */
  readonly expectedSize?: number | undefined;
  /** An abort ends the wait for a writer. */
  readonly signal: AbortSignal;
}

/** Result of {@link SharedDriver.acquire}. */
export type Acquired =
  | { readonly state: 'cached'; readonly image: LiveImage }
  /** The caller must write the image. `image` reads the bytes that `writer` writes. */
  | { readonly state: 'claimed'; readonly image: OwnLiveImage; readonly writer: SharedWriter }
  /** Another cache is writing the image. */
  | { readonly state: 'followed'; readonly image: LiveImage }
  /** The writer cannot be followed. `orphaned`: it is dead, but its claim cannot be taken over. */
  | { readonly state: 'unavailable'; readonly orphaned: boolean };

/** The writer of a claimed image. */
export interface SharedWriter extends ImageWriter {
  /** Records the digest on the image for verification: the length in bytes, a space, and the digest in SRI form. */
  recordDigest(text: string): Promise<void>;
  /**
   * Records the length in bytes for a successor. Never fails: without it, the successor's source must give the length.
   */
  noteLength(length: number): Promise<void>;
  /** Releases the claim and leaves nothing behind. Idempotent. Does nothing after a commit or a rollback. */
  discard(): Promise<void>;
}

export interface SharedEvictOptions extends EvictOptions {
  /** Reason in the events. @defaultValue `evict` */
  readonly reason?: EvictEvent['reason'];
}

export function isSharedDriver(driver: CacheDriver): driver is SharedDriver {
  return 'protocol' in driver && driver.protocol === sharedProtocol;
}
