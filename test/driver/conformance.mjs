import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { defer } from '../support/defer.mjs';
import { cleaning } from './conformance/cleaning.mjs';
import { counting } from './conformance/counting.mjs';
import { eviction } from './conformance/eviction.mjs';
import { ids } from './conformance/ids.mjs';
import { lifecycle } from './conformance/lifecycle.mjs';
import { listing } from './conformance/listing.mjs';
import { outcomes } from './conformance/outcomes.mjs';
import { queue } from './conformance/queue.mjs';
import { reading } from './conformance/reading.mjs';
import { sources } from './conformance/sources.mjs';
import { streams } from './conformance/streams.mjs';
import { writing } from './conformance/writing.mjs';

const topics = {
  lifecycle,
  ids,
  reading,
  streams,
  counting,
  writing,
  outcomes,
  sources,
  queue,
  listing,
  eviction,
  cleaning,
};

/**
 * The tests that any `CacheDriver` must pass. They use only the methods of that interface.
 *
 * @param {string} name
 * @param {object} driver
 * @param {(t: import('node:test').TestContext, options: { stallTimeSeconds?: number }) => unknown} driver.create
 *   Makes a new driver over an empty store, not configured yet.
 * @param {{ stalled?: Function, invalid?: Function }} [driver.plant]
 *   `(driver, imageId, ageSeconds)`: leaves a half-written image without a writer, or a failed write, of that age in
 *   seconds. Without it, the cases that need one are skipped.
 * @param {number} [driver.tickMs] Time between two changes that the store's clock can tell apart, in ms.
 */
export function conformance(name, { create, plant = {}, tickMs = 20 }) {
  const kit = {
    create,
    plant,
    tick: () => sleep(tickMs),
    open: async (t, options = {}) => {
      const driver = await create(t, options);
      defer(t, () => driver.close());
      await driver.configure();
      return driver;
    },
  };
  for (const [topic, cases] of Object.entries(topics)) describe(`${name} – ${topic} – conforms`, () => cases(kit));
}
