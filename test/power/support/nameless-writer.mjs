// `node nameless-writer.mjs DIR SIZE`: publishes image "before", all bytes of which a checkpoint found in a file without
// a name, and "after", all bytes of which came after that checkpoint. Its caller delays linkat(2).

import { closeSync, fsyncSync, openSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { getXattrSync, XattrDriver } from '../../../dist/index.js';
import { contentsOf } from './contents.mjs';

const [dir, sizeText] = process.argv.slice(2);
const size = Number(sizeText);
const driver = await XattrDriver.open({ dir, inline: false, checkpointIntervalMs: 3_600_000 });
process.send('open');

process.on('message', async () => {
  const before = driver.writeImage('before', contentsOf('before', 1, size));
  while (!hasCompleteNamelessFile()) await sleep(1);
  await driver.checkpoint();
  await Promise.all([before, driver.writeImage('after', contentsOf('after', 1, size))]);
  // Another program puts the names on disk, and not the bytes.
  for (const path of [join(dir, '..', 'other-program'), dir]) sync(path);
  process.send('written');
});

/** The attribute is the last thing that an image gets before its name. */
function hasCompleteNamelessFile() {
  return readdirSync('/proc/self/fd').some((fd) => {
    const path = `/proc/self/fd/${fd}`;
    try {
      const stat = statSync(path);
      return stat.isFile() && stat.nlink === 0 && stat.size === size && getXattrSync(path, 'hits') !== undefined;
    } catch {
      return false; // It was closed meanwhile.
    }
  });
}

function sync(path) {
  if (path !== dir) writeFileSync(path, 'other data');
  const fd = openSync(path, 'r');
  fsyncSync(fd);
  closeSync(fd);
}
