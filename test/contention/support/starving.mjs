// starving.mjs DIR: does everything with 0, 1, 2 … descriptors left, and prints how that came out.

import { closeSync, openSync, readdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

import { CacheError, incXattr, XattrDriver } from '../../../dist/index.js';
import { versionBytes, versionIn } from '../../support/versions.mjs';

const [dir] = process.argv.slice(2);
const mostLeft = 4;
// A descriptor is waited for as long as a lock.
const lockTimeoutMs = 5;
const drivers = await Promise.all([{}, { inline: false }].map((o) => XattrDriver.open({ dir, lockTimeoutMs, ...o })));
const bytes = versionBytes('image', 'first');

const operations = {
  put: (driver) => driver.writeImage('image', bytes),
  putSync: async (driver) => driver.writeImageSync('image', bytes),
  stream: async (driver) => {
    const writer = await driver.openForWrite('image', { expectedSize: bytes.length });
    try {
      await writer.write(bytes);
      await writer.commit();
    } catch (error) {
      await writer.rollback(error);
      throw error;
    }
  },
  read: async (driver) => versionIn('image', await driver.readImage('image')),
  readSync: async (driver) => versionIn('image', driver.readImageSync('image')),
  readStream: async (driver) => {
    for await (const _ of driver.createReadStream('image'));
  },
  list: (driver) => driver.getCachedImages(),
  usage: (driver) => driver.getUsage(),
  invalid: (driver) => driver.getInvalidImages(),
  hits: (driver) => driver.getHitCount('image'),
  holder: (driver) => driver.isBeingCached('image'),
  queue: (driver) => driver.queueImage('queued'),
  queued: (driver) => driver.getQueuedImages(),
  delete: (driver) => driver.deleteCachedImage('other'),
  clean: (driver) => driver.clean(0),
  prune: (driver) => driver.evictTo(1e9),
  evict: (driver) => driver.evictTo(0),
  count: () => incXattr(`${dir}/image`, 'other'),
  open: async () => (await XattrDriver.open({ dir })).close(),
};

/** Runs `action` with so many descriptors left. */
async function starving(left, action) {
  const taken = [];
  try {
    for (;;) taken.push(openSync('/dev/null'));
  } catch (error) {
    if (error.code !== 'EMFILE') throw error;
  }
  try {
    for (const fd of taken.splice(0, left)) closeSync(fd);
    return await action();
  } finally {
    for (const fd of taken) closeSync(fd);
  }
}

const report = { points: 0, failed: 0, wrong: [] };
const round = async () => {
  for (const driver of drivers) {
    for (const [name, operation] of Object.entries(operations)) {
      for (let left = 0; left <= mostLeft; left++) {
        driver.writeImageSync('image', bytes);
        report.points += 1;
        const error = await starving(left, () => operation(driver)).then(
          () => undefined,
          (reason) => reason,
        );
        if (error) report.failed += 1;
        if (error && !CacheError.is(error)) report.wrong.push(`${name}, ${left} left: ${error.stack}`);
        await operation(driver).catch((again) => report.wrong.push(`${name} after ${left} left: ${again.stack}`));
      }
    }
  }
};

const descriptors = () => readdirSync('/proc/self/fd').length;
await round();
await turn();
const before = descriptors();
await round();
await turn();
report.leaked = descriptors() - before;
drivers[0].writeImageSync('image', versionBytes('image', 'again'));
console.log(JSON.stringify(report));
