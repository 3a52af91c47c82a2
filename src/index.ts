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
} from './api/driver.ts';
export type { CheckpointState, Durability, RecoverOptions, RecoverResult } from './api/durability.ts';
export type { CacheErrorCode, ErrorDetails } from './api/errors.ts';
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
} from './api/errors.ts';
export type {
  CacheEvents,
  CheckpointEvent,
  CommitEvent,
  ErrorEvent,
  EvictEvent,
  HitEvent,
  MissEvent,
  ReapEvent,
  RecoverEvent,
  RollbackEvent,
  UncountedEvent,
} from './api/events.ts';
export { assertImageId, imageIdFor } from './api/image-id.ts';
export type { Logger } from './api/logger.ts';
export { lastUseMs } from './api/recency.ts';
export type { VerifyOptions, VerifyResult } from './api/verify.ts';
export type { PruneOptions, PruneResult } from './cache/image-cache.ts';
export { ImageCache } from './cache/image-cache.ts';
export type { CacheImageOptions, ImageCacheOptions } from './cache/image-cache-options.ts';
export type { PrefetchOptions, PrefetchProgress, PrefetchResult } from './cache/prefetch.ts';
export type { CacheStats } from './cache/stats.ts';
export type { Capabilities } from './driver/capabilities.ts';
export type { CacheLimits, XattrDriverOptions } from './driver/options.ts';
export { XattrDriver } from './driver/xattr-driver.ts';
export type { Fetch, FetchResult } from './fetch/fetch.ts';
export type { FetchedFrom, FetchedImage } from './fetch/fetched-image.ts';
export type { FetchOptions } from './fetch/shared-fetches.ts';
export type { LockOptions } from './native/xattr.ts';
export { getXattr, getXattrSync, incXattr, incXattrSync, setXattr, setXattrSync } from './native/xattr.ts';
export type { Checksum } from './streams/checksum.ts';
