// abuse.mjs LAST SEED RUNS, run with --expose-gc in an empty directory: calls whatever the package exports with arguments
// that are wrong. The file LAST says which call it was that was the last one, for when the process does not survive it.

import { openSync, readdirSync, readlinkSync, writeSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';

import * as xattrCache from '../../../dist/index.js';
import { within } from '../../support/within.mjs';
import { HostileError, hostileArguments, oneHostileArgument, vanishingArguments } from './hostile-values.mjs';

const { XattrDriver, ImageCache, CacheError } = xattrCache;
const [last, seed, runs] = process.argv.slice(2);
const lastCall = openSync(last, 'w');
const image = Buffer.alloc(100_000, 1);
const driver = await XattrDriver.open({ dir: 'cache' });
/** These are for the package alone, and trust their arguments. */
const internal = ['recordDigest', 'acquire', 'verifyImage', 'addCommitted'];

const pooled = await XattrDriver.open({ dir: 'cache', inline: false });
const cacheOf = () => ImageCache.open({ driver });
const readerOf = () => driver.openForRead('image');
const writerOf = async () => driver.openForWrite('written');

/** The objects to abuse, each with how to get one, and the names of what it can do. */
const objects = [
  ['driver', async () => driver, methodsOf(driver)],
  ['pooled driver', async () => pooled, methodsOf(pooled)],
  ['closed driver', async () => new XattrDriver({ dir: 'cache' }), methodsOf(driver)],
  ['cache', cacheOf, methodsOf(await cacheOf())],
];
driver.writeImageSync('image', image);
const reader = await readerOf();
const writer = await writerOf();
objects.push(['reader', readerOf, methodsOf(reader)], ['writer', writerOf, methodsOf(writer)]);
await Promise.all([reader.abort(), writer.rollback('done')]);
objects.push(['package', async () => xattrCache, Object.keys(xattrCache)]);
objects.push(['XattrDriver', async () => XattrDriver, ['open']], ['ImageCache', async () => ImageCache, ['open']]);

const calls = objects.flatMap(([name, get, methods]) => methods.map((method) => ({ name, get, method })));
const outcomes = { returned: 0, threw: 0, hostile: 0, late: 0 };

function methodsOf(object) {
  const prototype = Object.getPrototypeOf(object);
  return Reflect.ownKeys(prototype).filter((key) => {
    const { value } = Object.getOwnPropertyDescriptor(prototype, key);
    return typeof value === 'function' && key !== 'constructor' && !internal.includes(key);
  });
}

async function abuse({ name, get, method }, { names, make }, receiver) {
  const what = `${name}.${String(method)}(${names.join(', ')})${receiver ? ' of something else' : ''}`;
  writeSync(lastCall, what.padEnd(2000), 0);
  if (driver.getImageSizeSync('image') !== image.length) driver.writeImageSync('image', image);
  const object = await get();
  let result;
  try {
    const call = object[method];
    const args = make();
    const isClass = /^class /.test(Function.prototype.toString.call(call));
    result = isClass ? new call(...args) : call.apply(receiver ? receiver.make()[0] : object, args);
    if (result instanceof Readable || result instanceof Writable) result.on('error', () => {});
    result = await within(20_000, Promise.resolve(result), 'an answer');
    outcomes.returned += 1;
    await consume(result);
  } catch (error) {
    countOutcome(error);
  }
  await Promise.all([object, result].map((one) => letGoOf(one).catch(countOutcome)));
  await Promise.all([driver.configure(), pooled.configure()]);
}

function countOutcome(error) {
  if (error instanceof AggregateError) return error.errors.forEach(countOutcome);
  if (error instanceof HostileError) outcomes.hostile += 1;
  else if (error instanceof TypeError || error instanceof RangeError || CacheError.is(error)) outcomes.threw += 1;
  else if (error?.name === 'AbortError' || String(error?.code).startsWith('ERR_STREAM')) outcomes.threw += 1;
  else throw error;
  if (/native call with wrong arguments/.test(error.message)) outcomes.late += 1;
}

/** Streams and iterators do their work only when they are asked to. */
async function consume(result) {
  if (result instanceof Writable) result.end('bytes');
  if (!isIterator(result)) return;
  let chunks = 0;
  for await (const _ of result) if (++chunks > 5) break;
}

const isIterator = (result) => result instanceof Readable || typeof result?.[Symbol.asyncIterator] === 'function';

async function letGoOf(one) {
  if (one === driver || one === pooled || one === xattrCache) return;
  if (one instanceof Readable || one instanceof Writable) one.destroy();
  else await one?.[Symbol.asyncDispose]?.();
}

/** Returns the open files in the cache; libraries keep other files open for good. */
function descriptors() {
  return readdirSync('/proc/self/fd')
    .map(targetOf)
    .filter((target) => target.startsWith(process.cwd()))
    .sort();
}

function targetOf(fd) {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

async function descriptorsLeft(before) {
  for (let i = 0; i < 100 && descriptors().length > before; i++) {
    globalThis.gc();
    await turn();
    await sleep(10);
  }
  return descriptors();
}

const before = descriptors().length;
const receiver = fc.oneof(
  { weight: 20, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: hostileArguments },
);
const abusedCall = fc
  .constantFrom(...calls)
  .chain((call) =>
    fc.tuple(
      fc.constant(call),
      fc.oneof(
        { weight: 10, arbitrary: oneHostileArgument(call.method) },
        { weight: 10, arbitrary: hostileArguments },
        { weight: 1, arbitrary: vanishingArguments },
      ),
      receiver,
    ),
  );
const property = fc.asyncProperty(abusedCall, (all) => abuse(...all));
await fc.assert(property, { seed: Number(seed), numRuns: Number(runs), endOnFailure: true });
const left = await descriptorsLeft(before);
if (left.length > before) console.error('open at the end:', left);
process.stdout.write(
  JSON.stringify({ calls: calls.length, runs: Number(runs), ...outcomes, before, after: left.length }),
);
