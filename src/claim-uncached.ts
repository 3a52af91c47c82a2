import type { CacheDriver, ImageWriter, WriteOptions } from './driver.ts';
import { hasCode } from './error-facts.ts';

/**
 * Claims an image that is not cached. Undefined if somebody else is writing it, or has been faster: it is looked for once
 * more with the claim in hand, since a commit over an image that others read meanwhile would lose their hits.
 */
export async function claimUncached(
  driver: CacheDriver,
  imageId: string,
  { expectedSize, signal }: WriteOptions,
): Promise<ImageWriter | undefined> {
  const options = { ...(expectedSize !== undefined && { expectedSize }), ...(signal && { signal }) };
  let writer: ImageWriter;
  try {
    writer = await driver.openForWrite(imageId, options);
  } catch (error) {
    if (isBusy(error)) return undefined;
    throw error;
  }
  try {
    if (!(await driver.isCached(imageId))) return writer;
  } catch (error) {
    await letGo(writer).catch(() => {}); // The error that led here is the one to report.
    throw error;
  }
  await letGo(writer);
  return undefined;
}

/** By the code, since a driver may not be of this package. */
function isBusy(error: unknown): boolean {
  return hasCode(error, 'ERR_IMAGE_BUSY');
}

/** Of a claim that is not needed. A writer of this package leaves no trace of it, also one of another copy. */
async function letGo(writer: ImageWriter): Promise<void> {
  await ('discard' in writer && typeof writer.discard === 'function'
    ? writer.discard()
    : writer.rollback('cached by another writer meanwhile'));
}
