import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { XattrDriver } from '../../dist/index.js';
import { defer } from './defer.mjs';
import { temporaryDirectory } from './temporary-directory.mjs';

/** An open driver over a fresh directory, or over `options.dir`, until `t` is over. */
export async function openDriver(t, options = {}) {
  const driver = await XattrDriver.open({ dir: options.dir ?? (await temporaryDirectory(t)), ...options });
  defer(t, () => driver.close());
  return driver;
}

/** The functions with which the conformance suite leaves files as a Glance node would. */
export const plant = {
  stalled: (driver, imageId, ageSeconds) => plantFile(join(driver.dir, 'incomplete', imageId), ageSeconds),
  invalid: (driver, imageId, ageSeconds) => plantFile(join(driver.dir, 'invalid', imageId), ageSeconds),
};

export async function plantFile(path, ageSeconds, bytes = 'partial') {
  await writeFile(path, bytes);
  const time = Date.now() / 1000 - ageSeconds;
  await utimes(path, time, time);
}
