import type { CacheDriver } from '../api/driver.ts';
import { defaultMaxSize } from '../api/limits.ts';
import { isSharedDriver, type KeptLimits } from '../api/shared-driver.ts';
import { invalidValue } from '../base/validate.ts';
import type { ResolvedCacheOptions } from './image-cache-options.ts';

/**
 * Makes a driver keep the limits of a cache. Resolves to the limits, or to `maxSize` for a driver that cannot: it is of
 * another package.
 *
 * @throws TypeError if the driver has limits of its own, or the other driver would need more than a number of bytes
 */
export async function keepLimits(
  driver: CacheDriver,
  { limits, isLimited, highWatermark, autoPrune }: ResolvedCacheOptions,
): Promise<KeptLimits | number> {
  if (!isSharedDriver(driver)) return sizeFor(limits);
  const { ownLimits } = driver;
  if (!ownLimits) return driver.limitTo(limits, { highWatermark, evicts: autoPrune });
  if (isLimited) throw invalidValue('options', 'must have no limits: the driver has limits of its own', limits);
  return { limits: ownLimits, release: async () => {} };
}

function sizeFor({ maxSize = defaultMaxSize, ...others }: ResolvedCacheOptions['limits']): number {
  if (typeof maxSize !== 'number') {
    throw invalidValue('options.maxSize', 'must be a number of bytes for a driver without a file system', maxSize);
  }
  for (const [name, limit] of Object.entries(others)) {
    if (name !== 'maxInvalidSize') throw invalidValue(`options.${name}`, 'needs an XattrDriver', limit);
  }
  return maxSize;
}
