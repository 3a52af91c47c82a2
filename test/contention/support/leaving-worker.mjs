// Puts, streams, reads and evicts without end, until its process or its thread exits.

import { setImmediate as turn } from 'node:timers/promises';
import { isMainThread, workerData } from 'node:worker_threads';

import { XattrDriver } from '../../../dist/index.js';
import { versionBytes } from '../../support/versions.mjs';

const work = {
  put: (driver, i) => driver.writeImage('put', versionBytes('put', i)),
  overwrite: async (driver, i) => driver.writeImageSync('overwritten', versionBytes('overwritten', i)),
  stream: async (driver, i) => {
    const writer = await driver.openForWrite('streamed');
    const bytes = versionBytes('streamed', i);
    await writer.write(bytes.subarray(0, 1000));
    await writer.write(bytes.subarray(1000));
    await writer.commit();
  },
  read: (driver) => driver.readImage('overwritten'),
  readStream: async (driver) => {
    const reader = await driver.openForRead('put').catch(() => undefined);
    for await (const _ of reader?.createReadStream() ?? []);
  },
  evict: (driver) => driver.evictTo(5_000),
  clean: (driver) => driver.clean(0),
};

export function begin(driver) {
  for (const operation of Object.values(work)) void again(driver, operation);
}

async function again(driver, operation) {
  for (let i = 0; ; i++) {
    await operation(driver, i);
    await turn();
  }
}

if (!isMainThread) {
  const driver = await XattrDriver.open({ dir: workerData.dir });
  begin(driver);
  if (workerData.leaveAfterMs === 0) process.exit();
  setTimeout(() => process.exit(), workerData.leaveAfterMs);
}
