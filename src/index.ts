export type { Capabilities } from './capabilities.ts';
export type { Checksum } from './checksum.ts';
export type {
  CacheDriver,
  CachedImage,
  CleanResult,
  DriverUsage,
  EvictedImage,
  EvictOptions,
  EvictResult,
  ImageReader,
  ImageSource,
  ImageWriter,
  InvalidImage,
  RangeOptions,
  WriteOptions,
} from './driver.ts';
export type { CacheErrorCode, ErrorDetails } from './errors.ts';
export {
  BadDriverConfiguration,
  CacheError,
  ChecksumMismatchError,
  ClaimLostError,
  FetchCycleError,
  FetchFailedError,
  ImageBusyError,
  ImageNotFoundError,
  InvalidImageIdError,
  LockTimeoutError,
  NativeLoadError,
  NoSpaceError,
  NotOpenError,
  SizeMismatchError,
} from './errors.ts';
export type {
  CacheEvents,
  CommitEvent,
  ErrorEvent,
  EvictEvent,
  HitEvent,
  MissEvent,
  ReapEvent,
  RollbackEvent,
  UncountedEvent,
} from './events.ts';
export type { Fetch, FetchResult } from './fetch.ts';
export type { FetchedFrom, FetchedImage } from './fetched-image.ts';
export type { PruneOptions, PruneResult } from './image-cache.ts';
export { ImageCache } from './image-cache.ts';
export type { CacheImageOptions, ImageCacheOptions } from './image-cache-options.ts';
export { assertImageId, imageIdFor } from './image-id.ts';
export type { Logger } from './logger.ts';
export type { CacheLimits, XattrDriverOptions } from './options.ts';
export type { PrefetchOptions, PrefetchProgress, PrefetchResult } from './prefetch.ts';
export { lastUseMs } from './recency.ts';
export type { FetchOptions } from './shared-fetches.ts';
export type { CacheStats } from './stats.ts';
export type { VerifyOptions, VerifyResult } from './verify.ts';
export type { LockOptions } from './xattr.ts';
export { getXattr, getXattrSync, incXattr, incXattrSync, setXattr, setXattrSync } from './xattr.ts';
export { XattrDriver } from './xattr-driver.ts';
