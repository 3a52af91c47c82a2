import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { ImageCache, Logger, XattrDriver, XattrDriverOptions } from '../index.ts';
import { CliError, cliErrorCode, isMissing, UsageError } from '../terminal/cli-error.ts';
import { printError } from '../terminal/output.ts';
import type { CacheOptions, DurabilityOptions, LimitOptions } from './cache-options.ts';
import { loadPackage } from './load-package.ts';

const parts: readonly string[] = ['incomplete', 'invalid', 'queue'];

/** Ignored entries: a new ext file system has the first, and an eviction leaves the second. */
const ignored: readonly string[] = ['lost+found', '.xattr-cache'];

export interface OpenOptions {
  /** Receives warnings. The default prints a line on stderr. */
  readonly onWarning?: (message: string) => void;
}

/** Opens an existing cache. Commands that read or remove create none, so that a mistyped name is an error. */
export async function openDriver(
  options: CacheOptions,
  { onWarning = printError }: OpenOptions = {},
): Promise<XattrDriver> {
  return openChecked({ dir: await directoryOfCache(options) }, onWarning);
}

/** Returns the directory of an existing cache. @throws {@link CliError} if there is none */
export async function directoryOfCache(options: CacheOptions): Promise<string> {
  const dir = directoryOf(options);
  if (!(await exists(dir))) throw noCache(`${dir} does not exist`);
  const missing = await missingParts(dir);
  if (missing.length > 0) throw noCache(`${dir} is not a cache: it has no ${missing.join(', no ')}`);
  return dir;
}

/** Opens a cache for commands that add to it, and creates it if it is missing. */
export async function openOrMakeDriver(options: CacheOptions & DurabilityOptions): Promise<XattrDriver> {
  const dir = directoryOf(options);
  const missing = (await exists(dir)) ? await missingParts(dir) : [];
  // The files of the directory would become images, and be evicted.
  if (missing.length > 0 && !(await isUnused(dir))) {
    throw noCache(`${dir} has other content: it is not empty, and has no ${missing.join(', no ')}`);
  }
  const { durability } = options;
  return openChecked({ dir, ...(durability !== undefined && { durability }) }, printError);
}

/**
 * Ends a command that adds images: they are on disk afterwards, where a checkpoint can prove it.
 *
 * @throws {@link CliError} if that failed, which damages them
 */
export async function putOnDisk(driver: XattrDriver, { durability }: DurabilityOptions): Promise<void> {
  if (durability === 'none' || !driver.capabilities.checkpoint) return;
  try {
    await driver.checkpoint();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(cliErrorCode.checkpoint, `the images are not on disk: ${reason}`, { cause: error });
  }
}

/** Returns a manager over a driver, without automatic eviction. */
export async function openCache(driver: XattrDriver, { maxSize }: LimitOptions): Promise<ImageCache> {
  const { ImageCache } = await loadPackage();
  return ImageCache.open({ driver, autoPrune: false, ...(maxSize !== undefined && { maxSize }) });
}

function directoryOf({ dir }: CacheOptions): string {
  if (dir === undefined || dir === '') {
    throw new UsageError('no cache directory: pass --dir DIR or set XATTR_CACHE_DIR');
  }
  try {
    return resolve(dir);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw noCache(`${dir} is below a working directory that was removed`);
  }
}

async function missingParts(dir: string): Promise<string[]> {
  const missing: string[] = [];
  for (const part of parts) if (!(await exists(join(dir, part)))) missing.push(`${part}/`);
  return missing;
}

/** Returns true if a directory is empty, or its creation was interrupted. */
async function isUnused(dir: string): Promise<boolean> {
  return (await readdir(dir)).every((name) => parts.includes(name) || ignored.includes(name));
}

/** Returns true if a path exists. The driver reports other errors, such as a missing permission. */
async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    return !isMissing(error);
  }
}

function noCache(problem: string): CliError {
  const advice =
    'Name the directory of a cache with --dir or XATTR_CACHE_DIR; put, queue and prefetch create a missing one.';
  return new CliError(cliErrorCode.noCache, `${problem}. ${advice}`);
}

async function openChecked(options: XattrDriverOptions, onWarning: (message: string) => void): Promise<XattrDriver> {
  const { XattrDriver } = await loadPackage();
  return XattrDriver.open({ ...options, logger: warningsTo(onWarning) });
}

function warningsTo(onWarning: (message: string) => void): Logger {
  const warn = (details: object, message = 'something went wrong') => {
    const reason = 'err' in details && details.err instanceof Error ? `: ${details.err.message}` : '';
    onWarning(message + reason);
  };
  return { debug: () => {}, info: () => {}, warn, error: warn };
}
