import type { CacheDriver, EvictOptions, EvictResult, ImageWriter } from './driver.ts';
import type { EvictEvent } from './events.ts';
import type { LiveImage, OwnLiveImage } from './live-image.ts';
import type { VerifyOptions, VerifyResult } from './verify.ts';

/** Each copy of the package has its own, because {@link SharedDriver} is internal and may differ between copies. */
export const sharedProtocol: unique symbol = Symbol('xattr-cache.SharedDriver');

/**
 * A driver whose caches, in this process and in others, can share the writing of an image. The manager and shared fetches
 * speak to a driver through this interface and {@link CacheDriver} alone. Internal.
 */
export interface SharedDriver extends CacheDriver {
  readonly protocol: typeof sharedProtocol;
  /** Drivers with the same name here have the same images. */
  readonly dir: string;

  /**
   * Opens an image that was not cached a moment ago, claims it, or joins its writer; waits a little for a writer that has
   * just ended.
   *
   * @throws the signal's reason, `ERR_NOT_OPEN`, and an error that keeps the cache from being used
   */
  acquire(imageId: string, options: AcquireOptions): Promise<Acquired>;

  /** Compares a cached image with its recorded digest; see {@link ImageCache.verify}. */
  verifyImage(imageId: string, options: VerifyOptions): Promise<VerifyResult>;

  /** With the reason that its events have. */
  evictTo(targetSize: number, options?: SharedEvictOptions): Promise<EvictResult>;

  /**
   * Adds to the bytes that all caches of these images have committed, and resolves to the sum. It is a hint: it may be lost.
   *
   * @throws an error that keeps it from being added, a lock that another process holds included
   */
  addCommitted(bytes: number): Promise<number>;
}

/** How {@link SharedDriver.acquire} claims, and how long it waits. */
export interface AcquireOptions {
  /** Bytes, reserved with a claim. */
  readonly expectedSize?: number | undefined;
  /** Aborting ends the wait for a writer. */
  readonly signal: AbortSignal;
}

/** What an image was found to be that is wanted now. */
export type Acquired =
  | { readonly state: 'cached'; readonly image: LiveImage }
  /** The caller must write it; `image` is what it is going to write. */
  | { readonly state: 'claimed'; readonly image: OwnLiveImage; readonly writer: SharedWriter }
  /** Another cache is writing it. */
  | { readonly state: 'followed'; readonly image: LiveImage }
  /** Its writer cannot be followed; `orphaned`: it is dead, and its claim cannot be taken over. */
  | { readonly state: 'unavailable'; readonly orphaned: boolean };

/** The writer of a claimed image. */
export interface SharedWriter extends ImageWriter {
  /** Notes the digest on the image, for its verification: its length in bytes, a space, and the digest in SRI form. */
  recordDigest(text: string): Promise<void>;
  /** Notes how many bytes will come, for a successor. Never fails: without it, the successor's source has to say. */
  noteLength(length: number): Promise<void>;
  /** Gives the claim up and leaves nothing behind. Idempotent; after a commit or a rollback it does nothing. */
  discard(): Promise<void>;
}

export interface SharedEvictOptions extends EvictOptions {
  /** @defaultValue `evict` */
  readonly reason?: EvictEvent['reason'];
}

export function isSharedDriver(driver: CacheDriver): driver is SharedDriver {
  return 'protocol' in driver && driver.protocol === sharedProtocol;
}
