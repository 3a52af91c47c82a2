// `node writer.mjs SETTINGS`: writes, replaces, reads and prunes images, until it is killed.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { ImageBusyError, ImageCache, XattrDriver } from '../../../dist/index.js';
import { contentsOf } from './contents.mjs';

const { name, number, writesPerSecond, maxSize, ...driverOptions } = JSON.parse(process.argv[2]);
const cache = await ImageCache.open({ driver: new XattrDriver(driverOptions), maxSize });
const { driver } = cache;

const chunkSize = 65_536;
const replaceable = 24;
const recent = [];

const put = (id, bytes) => driver.writeImage(id, bytes);
const checked = (id, bytes) => cache.cacheImage(id, chunks(bytes), { checksum: sha256(bytes), replace: true });
const sized = (id, bytes) => stream(id, bytes, { expectedSize: bytes.length });
const streamed = (id, bytes) => stream(id, bytes, {});
/** As often as they stand here. */
const ways = [put, put, put, put, put, checked, sized, sized, streamed, streamed];

for (let n = 1; ; n++) {
  const replaces = Math.random() < 0.25;
  const id = replaces ? `replaced-${Math.floor(Math.random() * replaceable)}` : `${name}-${n}`;
  const bytes = contentsOf(id, replaces ? n * 8 + number : 1, randomSize());
  try {
    await oneOf(ways)(id, bytes);
    recent.push(id);
  } catch (error) {
    // Another writer has the claim of an image that is replaced.
    if (!(error instanceof ImageBusyError)) throw error;
  }
  if (recent.length > 400) recent.shift();
  // What is written by the driver alone does not count for the limit of the cache.
  if (n % 20 === 0) await cache.prune();
  for (let read = 0; read < 2; read++) await driver.readImage(oneOf(recent) ?? id);
  await sleep((-Math.log(Math.random()) * 1000) / writesPerSecond);
}

/** 64 bytes to 3 MiB: small ones are as frequent as large ones on a logarithmic scale. */
function randomSize() {
  return Math.floor(64 * 2 ** (Math.random() * 15.5));
}

function oneOf(list) {
  return list[Math.floor(Math.random() * list.length)];
}

function* chunks(bytes) {
  for (let at = 0; at < bytes.length; at += chunkSize) yield bytes.subarray(at, at + chunkSize);
}

function sha256(bytes) {
  return { algorithm: 'sha256', hex: createHash('sha256').update(bytes).digest('hex') };
}

async function stream(id, bytes, options) {
  const writer = await driver.openForWrite(id, options);
  for (const chunk of chunks(bytes)) {
    await writer.write(chunk);
    if (Math.random() < 0.1) await sleep(20);
  }
  await writer.commit();
}
