// A worker thread that reads 'image' so many times, once each way.
import { workerData } from 'node:worker_threads';

import { XattrDriver } from '../../dist/index.js';

const driver = await XattrDriver.open({ dir: workerData.dir });
for (let i = 0; i < workerData.times; i++) {
  driver.readImageSync('image');
  await driver.readImage('image');
}
await driver.close();
