// Holds the package's generated types to the contract in api.d.ts, name by name: this file compiles if they keep it.
//
// One line for each name, and contract.test.mjs sees that none is missing.  Assignability forgives some things that a
// user would not, so three of them are looked at apart: parameters of methods, `readonly`, and options that no code reads.

import type * as Api from './api.js';
import type * as Ours from './ours.js';

/** A shape as TypeScript compares functions, not methods: narrower parameters are an error. */
type Strict<T> = T extends (...args: never) => unknown
  ? T
  : { [K in keyof T]: T[K] extends (...args: infer Args) => infer Result ? (...args: Args) => Result : T[K] };

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Writable<T> = { -readonly [K in keyof T]: T[K] };
type ReadonlyKeys<T> = { [K in keyof T]-?: Equal<Pick<T, K>, Writable<Pick<T, K>>> extends true ? never : K }[keyof T];

type IsAny<T> = 0 extends 1 & T ? true : false;

/** No parameter if there is no such key (`any`: of a stand-in), else one that no call below passes. */
type NoneOf<Keys> = IsAny<Keys> extends true ? [] : [Keys] extends [never] ? [] : [offending: Keys];

type AnyClass = abstract new (...args: never) => unknown;
type Constructor<Class extends AnyClass, Instance = Strict<InstanceType<Class>>> = new (
  ...args: ConstructorParameters<Class>
) => Instance;

/** A value that we return has all properties of the contract, and is read-only where the contract says so. */
declare function returned<Contract, Our extends Strict<Contract>>(
  ...writable: NoneOf<Exclude<ReadonlyKeys<Contract>, ReadonlyKeys<Our>>>
): void;

/** A value that we take may be anything that the contract lets a user pass, and none of it is overlooked. */
declare function accepted<Contract extends Strict<Our>, Our>(
  ...overlooked: NoneOf<Exclude<keyof Contract, keyof Our>>
): void;

/** A class that users construct and call. */
declare function constructed<Contract extends AnyClass, Our extends Constructor<Contract> & Strict<Contract>>(
  ...writable: NoneOf<Exclude<ReadonlyKeys<InstanceType<Contract>>, ReadonlyKeys<InstanceType<Our>>>>
): void;

/** A class that users only catch: how it is constructed is our own business. */
declare function thrown<
  Contract extends AnyClass & { is: unknown },
  Our extends (abstract new (...args: never) => Strict<InstanceType<Contract>>) & { is: Contract['is'] },
>(...writable: NoneOf<Exclude<ReadonlyKeys<InstanceType<Contract>>, ReadonlyKeys<InstanceType<Our>>>>): void;

// Values that come out of the driver.
returned<Api.CachedImage, Ours.CachedImage>();
returned<Api.InvalidImage, Ours.InvalidImage>();
returned<Api.DriverUsage, Ours.DriverUsage>();
returned<Api.CleanResult, Ours.CleanResult>();
returned<Api.EvictResult, Ours.EvictResult>();
returned<Api.EvictedImage, Ours.EvictedImage>();
returned<Api.Capabilities, Ours.Capabilities>();

// Values that users pass in.
accepted<Api.EvictOptions, Ours.EvictOptions>();
accepted<Api.ImageSource, Ours.ImageSource>();
accepted<Api.WriteOptions, Ours.WriteOptions>();
accepted<Api.CacheLimits, Ours.CacheLimits>();
accepted<Api.RangeOptions, Ours.RangeOptions>();
accepted<Api.XattrDriverOptions, Ours.XattrDriverOptions>();
accepted<Api.Logger, Ours.Logger>();

// Values that our package returns, and that the author of another driver passes in.
returned<Api.CacheDriver, Ours.CacheDriver>();
accepted<Api.CacheDriver, Ours.CacheDriver>();
returned<Api.ImageReader, Ours.ImageReader>();
accepted<Api.ImageReader, Ours.ImageReader>();
returned<Api.ImageWriter, Ours.ImageWriter>();
accepted<Api.ImageWriter, Ours.ImageWriter>();

constructed<typeof Api.XattrDriver, typeof Ours.XattrDriver>();
returned<Api.CacheDriver, Ours.XattrDriver>();

// Attributes by themselves.
returned<typeof Api.getXattr, typeof Ours.getXattr>();
returned<typeof Api.getXattrSync, typeof Ours.getXattrSync>();
returned<typeof Api.setXattr, typeof Ours.setXattr>();
returned<typeof Api.setXattrSync, typeof Ours.setXattrSync>();
returned<typeof Api.incXattr, typeof Ours.incXattr>();
returned<typeof Api.incXattrSync, typeof Ours.incXattrSync>();
returned<typeof Api.imageIdFor, typeof Ours.imageIdFor>();

// The manager.
accepted<Api.ImageCacheOptions, Ours.ImageCacheOptions>();
accepted<Api.Checksum, Ours.Checksum>();
accepted<Api.Fetch, Ours.Fetch>();
accepted<Api.FetchResult, Ours.FetchResult>();
returned<Api.PrefetchProgress, Ours.PrefetchProgress>();
returned<Api.CacheStats, Ours.CacheStats>();
returned<Api.ImageCache, Ours.ImageCache>();
returned<(...args: Parameters<typeof Api.ImageCache.open>) => Promise<Ours.ImageCache>, typeof Ours.ImageCache.open>();

// Fetch once.
accepted<Api.FetchOptions, Ours.FetchOptions>();
returned<Api.FetchedImage, Ours.FetchedImage>();

// Errors.
thrown<typeof Api.CacheError, typeof Ours.CacheError>();
thrown<typeof Api.BadDriverConfiguration, typeof Ours.BadDriverConfiguration>();
thrown<typeof Api.InvalidImageIdError, typeof Ours.InvalidImageIdError>();
thrown<typeof Api.ImageNotFoundError, typeof Ours.ImageNotFoundError>();
thrown<typeof Api.ImageBusyError, typeof Ours.ImageBusyError>();
thrown<typeof Api.ClaimLostError, typeof Ours.ClaimLostError>();
thrown<typeof Api.SizeMismatchError, typeof Ours.SizeMismatchError>();
thrown<typeof Api.ChecksumMismatchError, typeof Ours.ChecksumMismatchError>();
thrown<typeof Api.NoSpaceError, typeof Ours.NoSpaceError>();
thrown<typeof Api.LockTimeoutError, typeof Ours.LockTimeoutError>();
thrown<typeof Api.FetchCycleError, typeof Ours.FetchCycleError>();
thrown<typeof Api.FetchFailedError, typeof Ours.FetchFailedError>();
thrown<typeof Api.NotOpenError, typeof Ours.NotOpenError>();
thrown<typeof Api.NativeLoadError, typeof Ours.NativeLoadError>();
