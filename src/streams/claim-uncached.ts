import type { CacheDriver, ImageWriter, WriteOptions } from '../api/driver.ts';
import { hasCode } from '../base/error-facts.ts';

/**
 * Claims an image that is not cached. Resolves to undefined if another writer has it or has cached it meanwhile. The
 * check is repeated under the claim, since a commit over an image that has readers would lose their hits.
 */
export async function claimUncached(
  driver: CacheDriver,
  imageId: string,
  options: WriteOptions,
): Promise<ImageWriter | undefined> {
  const writer = await claimIfFree(driver, imageId, options);
  if (!writer) return undefined;
  try {
    if (!(await driver.isCached(imageId))) return writer;
  } catch (error) {
    await giveUp(writer).catch(() => {}); // The error that led here is the one to report.
    throw error;
  }
  await giveUp(writer);
  return undefined;
}

/** Claims an image, cached or not. Resolves to undefined if another writer has it. */
export async function claimIfFree(
  driver: CacheDriver,
  imageId: string,
  options: WriteOptions,
): Promise<ImageWriter | undefined> {
  try {
    return await driver.openForWrite(imageId, options);
  } catch (error) {
    // Recognized by the code, since the driver may not be of this package.
    if (hasCode(error, 'ERR_IMAGE_BUSY')) return undefined;
    throw error;
  }
}

/** Gives up a claim that is not needed. A writer of this package, or of another copy of it, leaves no trace. */
async function giveUp(writer: ImageWriter): Promise<void> {
  await ('discard' in writer && typeof writer.discard === 'function'
    ? writer.discard()
    : writer.rollback('cached by another writer meanwhile'));
}
