import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { XattrDriver } from '../../dist/index.js';
import { defer } from '../support/defer.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { glanceOn } from './glance-process.mjs';

/** A fresh directory that both drivers work on, and files for Glance to take images from. */
export async function sharedDirectory(t, glanceOptions) {
  const dir = await temporaryDirectory(t);
  const sources = await temporaryDirectory(t);
  const driver = await XattrDriver.open({ dir });
  defer(t, () => driver.close());
  const glance = glanceOn(t, dir, glanceOptions);
  let files = 0;
  const source = (bytes) => {
    files += 1;
    const path = join(sources, `source-${files}`);
    writeFileSync(path, bytes);
    return path;
  };
  return { dir, driver, glance, source };
}

/** The ids of what Glance lists, sorted. */
export async function glanceIds(glance) {
  const { cached_images } = await glance.ask('list');
  return cached_images.map(({ image_id }) => image_id).sort();
}
