import { incXattr, XattrDriver } from '../../dist/index.js';

/** This package, awaited. */
export async function open(dir) {
  const driver = await XattrDriver.open({ dir });
  return {
    countsExactly: true,
    put: (id, bytes) => driver.writeImage(id, bytes),
    putClaimed: async (id, bytes) => {
      const writer = await driver.openForWrite(id);
      await writer.write(bytes);
      await writer.commit();
    },
    get: (id) => driver.readImage(id),
    increment: (id) => incXattr(driver.getImageFilepath(id), 'hits'),
    hits: (id) => driver.getHitCount(id),
    has: (id) => driver.isCached(id),
    size: () => driver.getCacheSize(),
    list: () => driver.getCachedImages(),
    scan: () => driver.cachedImages(),
    prune: async (targetSize) => (await driver.evictTo(targetSize)).filesEvicted,
    clean: async () => (await driver.clean(0)).invalidReaped,
    close: () => driver.close(),
  };
}
