import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BadDriverConfiguration, isSystemError } from '../api/errors.ts';
import { messageOf } from '../base/error-facts.ts';
import { type Handle, type NativeFindings, native } from '../native/native.ts';
import { type Capabilities, readMountFacts } from './capabilities.ts';

const parts = ['incomplete', 'invalid', 'queue'] as const;

export interface Configured {
  readonly directory: Handle;
  readonly capabilities: Capabilities;
}

/**
 * Creates and opens the layout, and finds the capabilities of the file system by trial.
 *
 * Glance's driver probes with a file `checkme`, leaves it behind if the probe fails, and swallows every error but
 * `EOPNOTSUPP`. This driver uses private names, removes them, and reports every error that keeps the cache from
 * working.
 *
 * @throws {@link BadDriverConfiguration}
 */
export async function configureDirectory(dir: string): Promise<Configured> {
  if (dir === '') throw bad('no directory was given', dir);
  const made = await makeLayout(dir);
  const directory = await openLayout(dir, made);
  try {
    return { directory, capabilities: await findCapabilities(dir, directory) };
  } catch (error) {
    native.releaseSync(directory);
    throw isSystemError(error) ? bad(`it cannot be examined (${messageOf(error)})`, dir, error) : error;
  }
}

/** Resolves to the error, if there was one. It matters only if the layout is missing. */
async function makeLayout(dir: string): Promise<unknown> {
  try {
    await mkdirWithParents(dir);
    for (const part of parts) await mkdirIfMissing(join(dir, part));
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Node's own `recursive` never returns if the kernel reports ENOENT although the parent exists, as in /proc. */
async function mkdirWithParents(path: string): Promise<void> {
  try {
    await mkdirIfMissing(path);
  } catch (error) {
    const parent = dirname(path);
    if (!isSystemError(error) || error.code !== 'ENOENT' || parent === path) throw error;
    await mkdirWithParents(parent);
    await mkdirIfMissing(path);
  }
}

async function mkdirIfMissing(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EEXIST') throw error;
  }
}

async function openLayout(dir: string, makeError: unknown): Promise<Handle> {
  try {
    return await native.openDirectoryAsync(dir);
  } catch (openError) {
    const missing = isSystemError(openError) && openError.code === 'ENOENT';
    const error = missing && makeError !== undefined ? makeError : openError;
    throw bad(`${explainOpening(error)} (${messageOf(error)})`, dir, error);
  }
}

function explainOpening(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOTDIR':
    case 'EEXIST':
      return 'it, or one of its parts incomplete, invalid and queue, is not a directory';
    case 'ELOOP':
      return 'one of its parts incomplete, invalid and queue is a symbolic link';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not create or read it';
    default:
      return 'it cannot be created or opened';
  }
}

async function findCapabilities(dir: string, directory: Handle): Promise<Capabilities> {
  const mount = await readMountFacts(await native.mountIdAsync(directory));
  let findings: NativeFindings;
  try {
    findings = await native.probeAsync(directory);
  } catch (error) {
    if (mayOnlyRead(error)) return { ...mount, ...unprobed, countsHits: false };
    // A caller that evicts to free space must be let in.
    if (isFull(error)) return { ...mount, ...unprobed, countsHits: await native.mayWriteImagesAsync(directory) };
    throw bad(explainProbe(error, mount.fileSystem), dir, error);
  }
  return { ...mount, ...findings, countsHits: await native.mayWriteImagesAsync(directory) };
}

/** The capabilities if no trial was possible. A missing one is noticed when it is used. */
const unprobed = {
  timeResolutionMs: 0,
  locks: true,
  namelessFiles: false,
  cachedOpen: true,
  nowaitRead: true,
  reflink: false,
} as const;

function mayOnlyRead(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '');
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '');
}

function explainProbe(error: unknown, fileSystem: string): string {
  const code = codeOf(error);
  if (code === 'EOPNOTSUPP') {
    return `the file system (${fileSystem}) has no user extended attributes: mount it with the option user_xattr, or put the cache on ext4, xfs, btrfs or another file system that has them`;
  }
  if (code === 'EXDEV') return 'incomplete, invalid and queue must lie on the same file system as the images';
  return `a trial write failed (${messageOf(error)})`;
}

function bad(reason: string, dir: string, cause?: unknown): BadDriverConfiguration {
  return new BadDriverConfiguration('xattr', dir === '' ? reason : `${dir}: ${reason}`, { path: dir, cause });
}

function codeOf(error: unknown): string | undefined {
  return isSystemError(error) ? error.code : undefined;
}
