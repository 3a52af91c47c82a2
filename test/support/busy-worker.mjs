// A worker thread that does everything a driver can, in the thread pool and again and again, until it is terminated.
import { parentPort, workerData } from 'node:worker_threads';

import { XattrDriver } from '../../dist/index.js';

const driver = await XattrDriver.open({ dir: workerData.dir, inline: false });
let turn = 0;
const nextId = () => `${turn++ % workerData.images}`;

const work = [
  () => driver.readImage(nextId()),
  () => driver.getCachedImages(),
  () => driver.evictTo(0, { dryRun: true }),
  () => driver.evictTo(1_000_000_000),
  () => driver.clean(),
  () => driver.getQueuedImages(),
  async () => {
    for await (const _ of driver.cachedImages());
  },
  async () => {
    const reader = await driver.openForRead(nextId());
    await reader.read(Buffer.alloc(1000), 0, 1000, 0);
    await reader.close();
  },
  async () => {
    for await (const _ of driver.createReadStream(nextId()));
  },
  async () => {
    const writer = await driver.openForWrite(`written by ${workerData.name}`);
    await writer.write(Buffer.alloc(10_000));
    await writer.commit();
  },
];

parentPort.postMessage('working');
for (;;) await Promise.all(work.map((operation) => operation()));
