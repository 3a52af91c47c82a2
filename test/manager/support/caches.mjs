import { describe } from 'node:test';

import { ImageCache, XattrDriver } from '../../../dist/index.js';
import { defer } from '../../support/defer.mjs';
import { MemoryDriver } from '../../support/memory-driver.mjs';
import { temporaryDirectory } from '../../support/temporary-directory.mjs';

const drivers = {
  XattrDriver: async (t, options) => new XattrDriver({ dir: await temporaryDirectory(t), ...options }),
  MemoryDriver: (_t, options) => new MemoryDriver(options),
};

/**
 * Runs `tests` for a cache over each driver: the one of this package, and one of another origin. The tests get
 * `open(t, options?, overrides?)`, which opens a cache until `t` is over. `overrides` replace methods of the driver.
 * Each of them gets the driver itself as its first argument.
 */
export function overEachDriver(what, tests) {
  for (const [name, create] of Object.entries(drivers)) {
    const open = async (t, { driverOptions, ...options } = {}, overrides = {}) => {
      const driver = overriding(await create(t, driverOptions), overrides);
      return openCache(t, { driver, ...options });
    };
    describe(`${what} – over ${name} – behaves as specified`, () => tests(open));
  }
}

/** Opens a cache over a new directory, or over `options.driver`, until `t` is over. */
export async function openCache(t, options = {}) {
  const where = options.driver || options.dir ? {} : { dir: await temporaryDirectory(t) };
  const cache = await ImageCache.open({ ...where, ...options });
  defer(t, () => cache.close());
  if (options.driver) defer(t, () => options.driver.close());
  return cache;
}

/** Returns `driver` with some methods replaced. Each replacement gets the driver itself, then the arguments. */
export function overriding(driver, overrides) {
  return new Proxy(driver, {
    get(target, key) {
      if (Object.hasOwn(overrides, key)) return (...args) => overrides[key](target, ...args);
      const value = target[key];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Returns an `openForWrite` for {@link overriding}, whose writers have the replacements that `methods()` returns. */
export function writersWith(methods) {
  return async (driver, ...args) => overriding(await driver.openForWrite(...args), methods());
}

/** Collects all chunks of an iterable, and the error that it ends with. */
export async function collect(iterable) {
  const chunks = [];
  try {
    for await (const chunk of iterable) chunks.push(chunk);
  } catch (error) {
    return { chunks, bytes: Buffer.concat(chunks), error };
  }
  return { chunks, bytes: Buffer.concat(chunks) };
}

/** Returns the leftovers of a write: none, or an invalid image if it failed. */
export async function tidiness(cache) {
  const { incomplete, invalid } = await cache.driver.getUsage();
  return { incomplete, invalid };
}
