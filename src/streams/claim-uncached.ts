import type { CacheDriver, ImageWriter, WriteOptions } from '../api/driver.ts';
import { hasCode } from '../base/error-facts.ts';

/**
 * Claims an image that is not cached. Undefined if another writer has it, or was faster: it is looked for once
 * more with the claim in hand, since a commit over an image that others read meanwhile would lose their hits.
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
    await letGo(writer).catch(() => {}); // The error that led here is the one to report.
    throw error;
  }
  await letGo(writer);
  return undefined;
}

/** Claims an image, cached or not. Undefined if another writer has it. */
export async function claimIfFree(
  driver: CacheDriver,
  imageId: string,
  options: WriteOptions,
): Promise<ImageWriter | undefined> {
  try {
    return await driver.openForWrite(imageId, options);
  } catch (error) {
    // By the code, since a driver may not be of this package.
    if (hasCode(error, 'ERR_IMAGE_BUSY')) return undefined;
    throw error;
  }
}

/** Of a claim that is not needed. A writer of this package leaves no trace of it, also one of another copy. */
async function letGo(writer: ImageWriter): Promise<void> {
  await ('discard' in writer && typeof writer.discard === 'function'
    ? writer.discard()
    : writer.rollback('cached by another writer meanwhile'));
}
