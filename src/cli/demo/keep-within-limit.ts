import { LockTimeoutError, type XattrDriver } from '../../index.ts';
import { addHits } from './hit-ledger.ts';
import type { Tally } from './tally.ts';

/** A little below the limit, so that not every image that is put into a full cache means another eviction. */
const lowWatermark = 0.9;

/**
 * Looks at the size of the cache, and if it is beyond `limit` bytes, evicts what was not used for longest. Notes in
 * `tally` what it saw and did, and in `evictedHits` the hits of the images that went: they are on no file any more.
 */
export async function keepWithinLimit(
  driver: XattrDriver,
  limit: number,
  tally: Tally,
  evictedHits: Map<string, number>,
): Promise<void> {
  const size = await driver.getCacheSize();
  tally.largestSize = Math.max(tally.largestSize, size);
  if (size <= limit) return;

  try {
    const { filesEvicted, bytesEvicted, images } = await driver.evictTo(Math.floor(limit * lowWatermark));
    tally.filesEvicted += filesEvicted;
    tally.bytesEvicted += bytesEvicted;
    for (const { imageId, hits } of images) addHits(evictedHits, imageId, hits);
  } catch (error) {
    // Others are evicting all the time, which serves as well.
    if (!(error instanceof LockTimeoutError)) throw error;
  }
}
