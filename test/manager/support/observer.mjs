// observer.mjs DIR: reads the total size of the images repeatedly, from another process, until it is told to stop.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { XattrDriver } from '../../../dist/index.js';
import { whenSetOff } from './processes.mjs';

const [dir] = process.argv.slice(2);
const driver = await XattrDriver.open({ dir });

await whenSetOff(async () => {
  const seen = { largest: 0, looks: 0 };
  let going = true;
  once(process, 'message').then(() => {
    going = false;
  });
  while (going) {
    seen.largest = Math.max(seen.largest, await driver.getCacheSize());
    seen.looks += 1;
    await sleep(1);
  }
  return seen;
});
