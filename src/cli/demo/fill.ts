import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

import { ImageBusyError, type ImageWriter, type XattrDriver } from '../../index.ts';
import { readFully } from './comparison.ts';
import type { SourceFile } from './source-files.ts';

/** `busy`: somebody else is writing the image. `already cached`: somebody else has done so in the meantime. */
export type FillResult = 'filled' | 'busy' | 'already cached';

// Why both ways below look again before they write: a put over a cached image replaces it, and with it the hits that
// were counted on it. That is what a put is for; but here every hit is to be found again at the end.

/**
 * Puts an image into the cache piece by piece. Any number of processes may try at once: one gets the claim, and while
 * it has it no other can publish the image, so that what it sees after claiming stays true until it commits.
 */
export async function fillByClaim(driver: XattrDriver, image: SourceFile, buffer: Buffer): Promise<FillResult> {
  const writer = await driver.openForWrite(image.imageId, { expectedSize: image.size }).catch(undefinedIfBusy);
  if (writer === undefined) return 'busy';
  if (await driver.isCached(image.imageId)) {
    await writer.rollback('cached by another process in the meantime');
    return 'already cached';
  }
  try {
    for (const chunk of chunksOf(image, buffer)) await writer.write(chunk);
    await writer.commit();
    return 'filled';
  } catch (error) {
    await writer.rollback(error);
    throw error;
  }
}

/** {@link fillByClaim} with the driver's `Sync` methods. */
export function fillByClaimSync(driver: XattrDriver, image: SourceFile, buffer: Buffer): FillResult {
  const writer = claimSync(driver, image);
  if (writer === undefined) return 'busy';
  if (driver.isCachedSync(image.imageId)) {
    writer.rollbackSync('cached by another process in the meantime');
    return 'already cached';
  }
  try {
    for (const chunk of chunksOf(image, buffer)) writer.writeSync(chunk);
    writer.commitSync();
    return 'filled';
  } catch (error) {
    writer.rollbackSync(error);
    throw error;
  }
}

/** Puts an image into the cache in one go. That takes no claim, so nobody else may be putting this one. */
export async function fillWhole(driver: XattrDriver, image: SourceFile): Promise<FillResult> {
  if (await driver.isCached(image.imageId)) return 'already cached';
  await driver.writeImage(image.imageId, await readFile(image.path));
  return 'filled';
}

/** {@link fillWhole} with the driver's `Sync` methods. */
export function fillWholeSync(driver: XattrDriver, image: SourceFile): FillResult {
  if (driver.isCachedSync(image.imageId)) return 'already cached';
  driver.writeImageSync(image.imageId, readFileSync(image.path));
  return 'filled';
}

function claimSync(driver: XattrDriver, image: SourceFile): ImageWriter | undefined {
  try {
    return driver.openForWriteSync(image.imageId, { expectedSize: image.size });
  } catch (error) {
    return undefinedIfBusy(error);
  }
}

function undefinedIfBusy(error: unknown): undefined {
  if (error instanceof ImageBusyError) return undefined;
  throw error;
}

/** The file's bytes, one buffer full after the other; each is valid until the next is asked for. */
function* chunksOf(image: SourceFile, buffer: Buffer): Generator<Uint8Array> {
  const fd = openSync(image.path, 'r');
  try {
    for (let position = 0; ; ) {
      const length = readFully(fd, buffer, buffer.length, position);
      if (length === 0) return;
      yield buffer.subarray(0, length);
      position += length;
    }
  } finally {
    closeSync(fd);
  }
}
