import type { CacheDriver, EvictOptions, EvictResult } from '../api/driver.ts';
import type { EvictEvent } from '../api/events.ts';
import { isSharedDriver } from '../api/shared-driver.ts';

/** Evicts for a reason, which is in the events if the driver is one of this package. */
export async function evictFor(
  reason: EvictEvent['reason'],
  driver: CacheDriver,
  targetSize: number,
  options: EvictOptions,
): Promise<EvictResult> {
  if (isSharedDriver(driver)) return driver.evictTo(targetSize, { ...options, reason });
  return driver.evictTo(targetSize, options);
}
