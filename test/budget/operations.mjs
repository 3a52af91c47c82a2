// The operations that test/budget/budget.test.mjs counts with strace: node operations.mjs DIR.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { incXattrSync, XattrDriver } from '../../dist/index.js';

const repetitions = 20;
const foundImages = 20;

const bytes = Buffer.alloc(4096, 'x');

/** By the name in bench/budget.json. Each is run once before it is counted. */
const operations = {
  incXattrSync: (driver) => incXattrSync(driver.getImageFilepath('image'), 'hits'),
  'hit: readImageSync': (driver) => driver.readImageSync('image'),
  'hit: readImage': (driver) => driver.readImage('image'),
  'hit: openForReadSync, readSync, closeSync': (driver) => {
    const reader = driver.openForReadSync('image');
    reader.readSync(bytes, 0, bytes.length, 0);
    reader.closeSync();
  },
  'hit: openForRead, read, close': async (driver) => {
    const reader = await driver.openForRead('image');
    await reader.read(bytes, 0, bytes.length, 0);
    await reader.close();
  },
  'miss: readImageSync': (driver) => driver.readImageSync('missing'),
  'miss: readImage': (driver) => driver.readImage('missing'),
  isCachedSync: (driver) => driver.isCachedSync('image'),
  isCached: (driver) => driver.isCached('image'),
  getHitCountSync: (driver) => driver.getHitCountSync('image'),
  'whole put: writeImageSync': (driver, name) => driver.writeImageSync(name, bytes),
  'whole put: writeImage': (driver, name) => driver.writeImage(name, bytes),
  'whole put over an image: writeImageSync': (driver) => driver.writeImageSync('image', bytes),
  'claimed put: openForWriteSync, writeSync, commitSync': (driver, name) => {
    const writer = driver.openForWriteSync(name);
    writer.writeSync(bytes);
    writer.commitSync();
  },
  'claimed put: openForWrite, write, commit': async (driver, name) => {
    const writer = await driver.openForWrite(name);
    await writer.write(bytes);
    await writer.commit();
  },
  'claimed put of a known size: openForWriteSync': (driver, name) => {
    const writer = driver.openForWriteSync(name, { expectedSize: bytes.length });
    writer.writeSync(bytes);
    writer.commitSync();
  },
  deleteCachedImageSync: (driver, name) => driver.deleteCachedImageSync(name),
  'evictTo, for each victim': evict,
  'getCacheSize, for each image': (driver) => driver.getCacheSize(),
  'getCachedImages, for each image': (driver) => driver.getCachedImages(),
};

/** Operations whose calls are counted for each image that they find. */
const forEachImage = / for each /;

export const operationNames = Object.keys(operations);

/** How many times the calls between two marks are those of one operation, or of one image. */
export function repetitionsOf(name) {
  return forEachImage.test(name) ? foundImages : repetitions;
}

/** Between MARK/begin and MARK/end, paths that are not there. */
export function markOf(name) {
  return `/xattr-cache-budget/${operationNames.indexOf(name)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv[2]);

/** Each in a directory of its own. */
async function main(parent) {
  // Under strace all writes of attributes are slow, and would be left to the pool for a while: the clock stands still.
  performance.now = () => 1;
  for (const [name, operation] of Object.entries(operations)) {
    const driver = await XattrDriver.open({ dir: join(parent, name) });
    driver.writeImageSync('image', bytes);
    const count = forEachImage.test(name) ? countOnce : countRepeated;
    await count(driver, operation, markOf(name));
    await driver.close();
  }
}

async function countRepeated(driver, operation, mark) {
  const names = imageNames(repetitions + 1);
  if (operation === operations.deleteCachedImageSync) for (const name of names) driver.writeImageSync(name, bytes);
  await operation(driver, names[0]);
  attempt(`${mark}/begin`);
  for (const name of names.slice(1)) await operation(driver, name);
  attempt(`${mark}/end`);
}

async function countOnce(driver, operation, mark) {
  await operation(driver);
  for (const name of imageNames(foundImages)) driver.writeImageSync(name, bytes);
  driver.deleteCachedImageSync('image');
  attempt(`${mark}/begin`);
  await operation(driver);
  attempt(`${mark}/end`);
}

function imageNames(count) {
  return Array.from({ length: count }, (_, number) => `image-${number}`);
}

async function evict(driver) {
  await driver.evictTo(0);
}

/** Makes a system call on a missing path, which shows in the output of strace that this point was reached. */
function attempt(path) {
  existsSync(path);
}
