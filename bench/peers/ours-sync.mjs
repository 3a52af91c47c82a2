import { incXattrSync, XattrDriver } from '../../dist/index.js';

/** This package, each call done when it returns. */
export async function open(dir) {
  const driver = await XattrDriver.open({ dir });
  return {
    countsExactly: true,
    put: (id, bytes) => driver.writeImageSync(id, bytes),
    putClaimed: (id, bytes) => {
      const writer = driver.openForWriteSync(id);
      writer.writeSync(bytes);
      writer.commitSync();
    },
    get: (id) => driver.readImageSync(id),
    hit: (id, buffer) => {
      const reader = driver.openForReadSync(id);
      reader.readSync(buffer, 0, buffer.length, 0);
      reader.closeSync();
    },
    path: (id) => driver.getImageFilepath(id),
    increment: (id) => incXattrSync(`${dir}/${id}`, 'hits'),
    hits: (id) => driver.getHitCountSync(id),
    has: (id) => driver.isCachedSync(id),
    close: () => driver.close(),
  };
}
