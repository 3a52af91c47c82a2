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
 * The tests that any `CacheDriver` has to pass. They use the methods of that interface and nothing else.
 *
 * @param {string} name
 * @param {object} driver
 * @param {(t: import('node:test').TestContext, options: { stallTimeSeconds?: number }) => unknown} driver.create
 *   Makes a new driver over an empty store, not configured yet.
 * @param {{ stalled?: Function, invalid?: Function }} [driver.plant]
 *   `(driver, imageId, ageSeconds)`: leaves a half-written image of nobody's, or a failed write, that many seconds old.
 *   The cases which need one are skipped without it.
 * @param {number} [driver.tickMs] How far apart two changes must be for the store's clock to tell them apart.
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
  for (const [topic, cases] of Object.entries(topics)) describe(`${name}: ${topic}`, () => cases(kit));
}
