import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { hasCode } from '../error-facts.ts';
import type { ImageCache, Logger, XattrDriver } from '../index.ts';
import { CliError, cliErrorCode, UsageError } from '../terminal/cli-error.ts';
import { printError } from '../terminal/output.ts';
import type { CacheOptions, LimitOptions } from './cache-options.ts';

const parts: readonly string[] = ['incomplete', 'invalid', 'queue'];

/** A freshly made ext file system holds the first, and an eviction leaves the second. */
const ofNoMatter: readonly string[] = ['lost+found', '.xattr-cache'];

export interface OpenOptions {
  /** Told of what did not work, and yet does not fail the command. A line on stderr if it is not given. */
  readonly onWarning?: (message: string) => void;
}

/** Opens a cache that is there. Commands that only look, or take away, make none: a mistyped name must not be one. */
export async function openDriver(
  options: CacheOptions,
  { onWarning = printError }: OpenOptions = {},
): Promise<XattrDriver> {
  const dir = directoryOf(options);
  if (!(await exists(dir))) throw noCache(`${dir} does not exist`);
  const missing = await missingParts(dir);
  if (missing.length > 0) throw noCache(`${dir} is no cache: it has no ${missing.join(', no ')}`);
  return openChecked(dir, onWarning);
}

/** The same, for commands that put something into it: made if it is missing. */
export async function openOrMakeDriver(options: CacheOptions): Promise<XattrDriver> {
  const dir = directoryOf(options);
  const missing = (await exists(dir)) ? await missingParts(dir) : [];
  // Its files would become images, and be evicted.
  if (missing.length > 0 && !(await isUnused(dir))) {
    throw noCache(`${dir} holds something else: it is not empty, and has no ${missing.join(', no ')}`);
  }
  return openChecked(dir, printError);
}

/** The manager over a driver. It evicts only if it is told to. */
export async function openCache(driver: XattrDriver, { maxSize }: LimitOptions): Promise<ImageCache> {
  const { ImageCache } = await import('../index.ts');
  return ImageCache.open({ driver, autoPrune: false, ...(maxSize !== undefined && { maxSize }) });
}

function directoryOf({ dir }: CacheOptions): string {
  if (dir === undefined || dir === '') {
    throw new UsageError('which directory? Give --dir DIR, or set XATTR_CACHE_DIR.');
  }
  try {
    return resolve(dir);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    throw noCache(`${dir} is below a working directory that was removed`);
  }
}

async function missingParts(dir: string): Promise<string[]> {
  const missing: string[] = [];
  for (const part of parts) if (!(await exists(join(dir, part)))) missing.push(`${part}/`);
  return missing;
}

/** Empty, or one whose making was cut short. */
async function isUnused(dir: string): Promise<boolean> {
  return (await readdir(dir)).every((name) => parts.includes(name) || ofNoMatter.includes(name));
}

/** What is wrong with it otherwise, that it may not be looked at, say, is for the driver to tell. */
async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    return !hasCode(error, 'ENOENT');
  }
}

function noCache(what: string): CliError {
  const advice =
    '--dir or XATTR_CACHE_DIR names the directory of a cache; put, queue and prefetch make one of a name that is free.';
  return new CliError(cliErrorCode.noCache, `${what}. ${advice}`);
}

async function openChecked(dir: string, onWarning: (message: string) => void): Promise<XattrDriver> {
  // Only now: help and wrong usage need no engine, and one that cannot be loaded is reported like any other failure.
  const { XattrDriver } = await import('../index.ts');
  return XattrDriver.open({ dir, logger: warningsTo(onWarning) });
}

function warningsTo(onWarning: (message: string) => void): Logger {
  const warn = (details: object, message = 'something went wrong') => {
    const reason = 'err' in details && details.err instanceof Error ? `: ${details.err.message}` : '';
    onWarning(message + reason);
  };
  return { debug: () => {}, info: () => {}, warn, error: warn };
}
