import { subscribe } from 'node:diagnostics_channel';

import { incXattr, XattrDriver } from '../../dist/index.js';

const chunkSize = 64 * 1024;

/** This package, awaited. */
export async function open(dir, { durability, checkpointIntervalMs } = {}) {
  const driver = await XattrDriver.open({ dir, durability, checkpointIntervalMs });
  let checkpoints = 0;
  subscribe('xattr-cache:checkpoint', ({ error }) => {
    if (error) throw error;
    checkpoints++;
  });
  return {
    countsExactly: true,
    put: (id, bytes) => driver.writeImage(id, bytes),
    putClaimed: async (id, bytes) => {
      const writer = await driver.openForWrite(id);
      await writer.write(bytes);
      await writer.commit();
    },
    putChunks: async (id, bytes) => {
      const writer = await driver.openForWrite(id);
      for (let at = 0; at < bytes.length; at += chunkSize) await writer.write(bytes.subarray(at, at + chunkSize));
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
    checkpoints: () => checkpoints,
    checkpointState: () => driver.getCheckpointState(),
    close: () => driver.close(),
  };
}
