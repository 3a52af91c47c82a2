// A worker thread that has begun to write 'image', and never ends.
import { parentPort, workerData } from 'node:worker_threads';

import { XattrDriver } from '../../dist/index.js';

const driver = await XattrDriver.open({ dir: workerData.dir });
const writer = await driver.openForWrite('image');
await writer.write(Buffer.alloc(1000));
parentPort.postMessage('writing');
setInterval(() => writer.bytesWritten, 1000);
