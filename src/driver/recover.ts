import type { RecoverOptions, RecoverResult } from '../api/durability.ts';
import { isSystemError, LockTimeoutError } from '../api/errors.ts';
import { locked, retryWhileLocked } from '../base/lock-retry.ts';
import { pickOptions } from '../base/pick-options.ts';
import { invalidType } from '../base/validate.ts';
import { type Columns, type Handle, type NativeRecovery, native } from '../native/native.ts';
import { idAt } from './listing.ts';
import { parseRecordedDigest } from './recorded-digest.ts';
import { releaseImage } from './release-image.ts';
import type { Reporter } from './reporter.ts';
import { digestOf, readRecordedDigest } from './verify-image.ts';

/** Images that are dropped in one go of the pool. */
const batchSize = 256;
/** Another recovery walks and verifies, and another checkpoint waits for a disk. Milliseconds. */
const lockTimeoutMs = 600_000;

/** @throws TypeError */
export function assertRecoverOptions(options: RecoverOptions): Required<RecoverOptions> {
  const { force = false, dryRun = false } = pickOptions(options, ['force', 'dryRun']);
  if (typeof force !== 'boolean') throw invalidType('options.force', 'of type boolean', force);
  if (typeof dryRun !== 'boolean') throw invalidType('options.dryRun', 'of type boolean', dryRun);
  return { force, dryRun };
}

/**
 * Verifies or drops the images that no checkpoint vouches for, and makes a checkpoint. Resolves to undefined if the last
 * checkpoint is of this boot.
 *
 * @throws {@link LockTimeoutError}, and system errors
 */
export async function recoverDirectory(
  directory: Handle,
  { force, dryRun }: Required<RecoverOptions>,
): Promise<RecoverResult | undefined> {
  const begin = async () => {
    const begun = await native.beginRecoveryAsync(directory, force, dryRun);
    return begun === null ? locked : begun;
  };
  const recovery = await retryWhileLocked(begin, lockTimeoutMs);
  if (recovery === locked) throw new LockTimeoutError('another process has been recovering the cache for too long');
  if (recovery === undefined) return undefined;
  try {
    return await recover(directory, recovery, dryRun);
  } finally {
    native.releaseSync(recovery.handle);
  }
}

/** Recovers after another boot, before anything else is done, and reports it. @throws as {@link recoverDirectory} */
export async function recoverNow(directory: Handle, report: Reporter): Promise<void> {
  report.recovered(await recoverDirectory(directory, { force: false, dryRun: false }));
}

async function recover(directory: Handle, recovery: NativeRecovery, dryRun: boolean): Promise<RecoverResult> {
  const { unverifiable, verifiable, sinceMs } = recovery;
  const dropped = [...idsOf(unverifiable)];
  let bytes = sum(unverifiable.sizes);
  for (let i = 0; i < verifiable.count; i++) {
    const imageId = idAt(verifiable, i);
    if (await isWhole(directory, imageId)) continue;
    if (!dryRun) await native.dropVerifiedAsync(recovery.handle, i);
    dropped.push(imageId);
    bytes += verifiable.sizes[i] ?? 0;
  }
  if (!dryRun) {
    while (await native.dropDoubtfulAsync(recovery.handle, batchSize));
    await native.finishRecoveryAsync(recovery.handle);
  }
  const doubtful = unverifiable.count + verifiable.count;
  return { sinceMs, doubtful, kept: doubtful - dropped.length, dropped, bytes };
}

/** Compares an image with its digest. Resolves to false also if it cannot be read. */
async function isWhole(directory: Handle, imageId: string): Promise<boolean> {
  const image = await native.openDoubtfulAsync(directory, imageId);
  if (image === undefined) return false;
  try {
    const recorded = parseRecordedDigest(await readRecordedDigest(image.fd));
    if (recorded === undefined || recorded.size !== image.size) return false;
    const { size, digest } = await digestOf(image.handle, recorded.algorithm, undefined, () => {});
    return size === recorded.size && `${recorded.algorithm}-${digest}` === recorded.digest;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  } finally {
    await releaseImage(image.handle, image.size);
  }
}

function* idsOf(columns: Columns): Generator<string> {
  for (let i = 0; i < columns.count; i++) yield idAt(columns, i);
}

function sum(numbers: Float64Array): number {
  return numbers.reduce((total, number) => total + number, 0);
}
