import assert from 'node:assert/strict';
import { pipeline } from 'node:stream/promises';

import { CacheError } from '../../dist/index.js';
import { calls, callsWithId } from '../driver/conformance/calls.mjs';
import { bytesOf, drain, readWhole } from '../support/contents.mjs';
import { killIfStuck } from '../support/watchdog.mjs';
import { within } from '../support/within.mjs';

killIfStuck(20);

export const written = bytesOf(500, 9);

async function* inPieces() {
  yield written.subarray(0, 200);
  yield written.subarray(200);
}

async function writeAnd(driver, id, end) {
  const writer = await driver.openForWrite(id);
  await writer.write(written);
  await writer[end]('boom');
}

function writeAndSync(driver, id, end) {
  const writer = driver.openForWriteSync(id);
  writer.writeSync(written);
  writer[end]('boom');
}

const { openForRead: _, openForWrite: __, writeImage: ___, ...questionsAndRemovals } = callsWithId;

/** Everything that a driver does with one id; those that read resolve to the bytes. */
const ofOneImage = {
  ...questionsAndRemovals,
  ...Object.fromEntries(
    Object.keys(questionsAndRemovals).map((name) => [`${name}Sync`, async (driver, id) => driver[`${name}Sync`](id)]),
  ),
  'openForRead and close': async (driver, id) => {
    const reader = await driver.openForRead(id);
    const bytes = await readWhole(reader);
    await reader.close();
    return bytes;
  },
  'openForReadSync and closeSync': async (driver, id) => {
    const reader = driver.openForReadSync(id);
    const bytes = Buffer.alloc(reader.size);
    reader.readSync(bytes, 0, reader.size, 0);
    reader.closeSync();
    return bytes;
  },
  createReadStream: async (driver, id) => {
    const stream = driver.createReadStream(id);
    let failure;
    stream.on('error', (error) => {
      failure = error;
    });
    const bytes = await drain(stream);
    if (failure) throw failure;
    return bytes;
  },
  'writeImage, from memory': (driver, id) => driver.writeImage(id, written),
  'writeImage, of a source': (driver, id) => driver.writeImage(id, inPieces()),
  writeImageSync: async (driver, id) => driver.writeImageSync(id, written),
  createWriteStream: (driver, id) => pipeline(inPieces(), driver.createWriteStream(id)),
  'openForWrite and commit': (driver, id) => writeAnd(driver, id, 'commit'),
  'openForWrite and rollback': (driver, id) => writeAnd(driver, id, 'rollback'),
  'openForWriteSync and commitSync': async (driver, id) => writeAndSync(driver, id, 'commitSync'),
  'openForWriteSync and rollbackSync': async (driver, id) => writeAndSync(driver, id, 'rollbackSync'),
};

const ofAll = Object.fromEntries(
  Object.entries(calls)
    .filter(([name]) => !(name in callsWithId) && name !== 'cachedImages')
    .map(([name, call]) => [name, (driver) => call(driver)]),
);

/** Every operation of a driver, as `(driver, id)`. */
export const operations = {
  ...ofOneImage,
  ...ofAll,
  cachedImages: async (driver) => {
    const images = [];
    for await (const batch of driver.cachedImages()) images.push(...batch);
    return images;
  },
  'evictTo, a dry run': (driver) => driver.evictTo(0, { dryRun: true }),
  'reapStalled, with a grace': (driver) => driver.reapStalled(60),
  'reapInvalid, with a grace': (driver) => driver.reapInvalid(60),
  'clean(0)': (driver) => driver.clean(0),
};

export const concernsOneImage = (name) => name in ofOneImage;
export const readsBytes = (name) => /^(readImage|openForRead|createReadStream)/.test(name);
export const writesBytes = (name) => /^(writeImage|createWriteStream|openForWrite.*commit)/.test(name);

/** The outcome of an operation, which comes soon and is an answer or an error of ours. */
export async function outcomeOf(name, driver, id) {
  const [outcome] = await within(10_000, Promise.allSettled([operations[name](driver, id)]), `${name} of ${id}`);
  const { status, reason } = outcome;
  assert(status === 'fulfilled' || CacheError.is(reason), `${name} of ${id}: ${reason?.stack}`);
  return outcome;
}
