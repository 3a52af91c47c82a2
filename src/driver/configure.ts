import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Durability, RecoverOptions, RecoverResult } from '../api/durability.ts';
import { BadDriverConfiguration, isSystemError, toCacheError } from '../api/errors.ts';
import { messageOf } from '../base/error-facts.ts';
import { locked, retryWhileLocked } from '../base/lock-retry.ts';
import { now } from '../base/timers.ts';
import { type Handle, type Native, type NativeFindings, native } from '../native/native.ts';
import { type Capabilities, mountFactsOf } from './capabilities.ts';
import { findCheckpointProblem } from './checkpoint-support.ts';
import { readMount } from './mount.ts';
import { recoverDirectory, recoverNow } from './recover.ts';
import type { Reporter } from './reporter.ts';

/** Another process that makes the first checkpoint waits for a disk. Milliseconds. */
const lockTimeoutMs = 60_000;

const parts = ['incomplete', 'invalid', 'queue'] as const;

export interface Configured {
  readonly directory: Handle;
  readonly capabilities: Capabilities;
  readonly durability: Durability;
}

type RecoveryNeed = Awaited<ReturnType<Native['recoveryNeedAsync']>>;

/**
 * Creates and opens the layout, and finds the capabilities of the file system by trial.
 *
 * Glance's driver probes with a file `checkme`, leaves it behind if the probe fails, and swallows every error but
 * `EOPNOTSUPP`. This driver uses private names, removes them, and reports every error that keeps the cache from
 * working.
 *
 * @throws {@link BadDriverConfiguration}
 */
export async function configureDirectory(
  dir: string,
  durability: Durability | undefined,
  report: Reporter,
): Promise<Configured> {
  if (dir === '') throw bad('no directory was given', dir);
  const made = await makeLayout(dir);
  const directory = await openLayout(dir, made, durability === 'sync');
  try {
    const vouched = await prepareCheckpoints(directory, report);
    const capabilities = await findCapabilities(dir, directory, vouched);
    const kept = checkDurability(dir, durability, capabilities);
    if (kept !== 'none' && capabilities.checkpoint && vouched === 'first use')
      await beginCheckpoints(directory, report);
    return { directory, capabilities, durability: kept };
  } catch (error) {
    native.releaseSync(directory);
    throw isSystemError(error) ? bad(`it cannot be examined (${messageOf(error)})`, dir, error) : error;
  }
}

/** See {@link XattrDriver.recover}. */
export async function recoverAt(
  dir: string,
  kind: Required<RecoverOptions>,
  report: Reporter,
): Promise<RecoverResult | undefined> {
  const directory = await openLayout(dir, undefined, false);
  try {
    const need = await native.recoveryNeedAsync(directory);
    if (need === 'first use' || (need === 'none' && !kind.force)) return undefined;
    const result = await recoverDirectory(directory, kind);
    if (!kind.dryRun) report.recovered(result);
    return result;
  } catch (error) {
    throw toCacheError(error, { path: dir });
  } finally {
    native.releaseSync(directory);
  }
}

/** Recovers after another boot, before anything is served. Resolves to the need that there was. */
async function prepareCheckpoints(directory: Handle, report: Reporter): Promise<RecoveryNeed> {
  const need = await native.recoveryNeedAsync(directory);
  if (need !== 'other boot') return need;
  try {
    await recoverNow(directory, report);
    return 'none';
  } catch (error) {
    // A process that may only read serves the images that the last checkpoint vouches for. The others are misses.
    if (!isSystemError(error)) throw error;
    report.recoveryFailed(error);
    return 'impossible';
  }
}

/** The first checkpoint of a directory is on disk before the first publication: without it, all images are trusted. */
async function beginCheckpoints(directory: Handle, report: Reporter): Promise<void> {
  const began = now();
  try {
    const made = await retryWhileLocked(async () => (await native.checkpointAsync(directory)) ?? locked, lockTimeoutMs);
    if (made !== locked) report.checkpoint(now() - began, made.failure);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    report.checkpoint(now() - began, error);
  }
}

function checkDurability(
  dir: string,
  durability: Durability | undefined,
  { checkpoint, checkpointProblem }: Capabilities,
): Durability {
  if (durability === undefined) return checkpoint ? 'checkpoint' : 'none';
  if (durability !== 'checkpoint' || checkpoint) return durability;
  throw bad(`durability 'checkpoint' cannot be kept here (${checkpointProblem}): choose 'sync' or 'none'`, dir);
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

async function openLayout(dir: string, makeError: unknown, synced: boolean): Promise<Handle> {
  try {
    return await native.openDirectoryAsync(dir, synced);
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
    case 'EPROTONOSUPPORT':
      return 'a later version of xattr-cache uses it: update this one';
    default:
      return 'it cannot be created or opened';
  }
}

async function findCapabilities(dir: string, directory: Handle, need: RecoveryNeed): Promise<Capabilities> {
  const described = await readMount(await native.mountIdAsync(directory));
  const checkpointProblem =
    need === 'impossible' ? 'this process may not keep them here' : await findCheckpointProblem(described);
  const checkpoint = checkpointProblem === undefined;
  const mount = { ...mountFactsOf(described), checkpoint, checkpointProblem };
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
