import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { CliError } from '#terminal/cli-error';

/** The directory of the demo's cache. */
export interface CacheDirectory {
  readonly path: string;
  /** Removes the directory if it is temporary. */
  remove(): Promise<void>;
}

/** Creates a temporary directory. */
export async function temporaryDirectory(): Promise<CacheDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'xattr-cache-demo-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/**
 * Uses a directory of the user, and creates it if it is missing.
 *
 * @throws {@link CliError} if it has content that does not look like a cache.
 */
export async function ownDirectory(dir: string): Promise<CacheDirectory> {
  const path = resolve(dir);
  let names: string[];
  try {
    await mkdir(path, { recursive: true });
    names = await readdir(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError('ERR_DEMO_DIR', `${path} cannot hold a cache: ${reason}`, { cause: error });
  }
  if (!isEmpty(names) && !isCache(names)) {
    throw new CliError(
      'ERR_DEMO_DIR',
      `${path} is neither empty nor a cache, and is left alone. Name a new or an empty directory with --dir DIR.`,
    );
  }
  return { path, remove: async () => {} };
}

function isEmpty(names: readonly string[]): boolean {
  // A new ext file system holds this, and is a good place for a cache.
  return names.every((name) => name === 'lost+found');
}

function isCache(names: readonly string[]): boolean {
  return ['incomplete', 'invalid', 'queue'].every((name) => names.includes(name));
}
