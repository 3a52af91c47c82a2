import { describe } from 'node:test';

import { defer } from '../../support/defer.mjs';
import { SharedMemoryDriver } from '../../support/shared-memory-driver.mjs';
import { temporaryDirectory } from '../../support/temporary-directory.mjs';
import { startHost } from './hosts.mjs';
import { origin } from './origin.mjs';

const drivers = {
  XattrDriver: {
    place: async (t) => ({ dir: await temporaryDirectory(t) }),
    leaderAt: async (t, { dir }, position) => {
      const leader = await startHost(t, { dir, heldAt: position });
      leader.ask(1).catch(() => {});
      await leader.hear('at', ({ at }) => at >= position);
      return leader;
    },
  },
  SharedMemoryDriver: {
    place: async () => ({ driver: new SharedMemoryDriver() }),
    leaderAt: async (t, { driver }, position) => {
      await driver.configure();
      const { writer, image } = await driver.acquire('a', { signal: new AbortController().signal });
      await writer.write(origin().bytes.subarray(0, position));
      defer(t, () => image.release());
      return { end: async () => writer.die() };
    },
  },
};

/**
 * Runs `tests` over each driver whose caches share their fetches. `place(t)` makes options of `openCache`: caches with the
 * same options have the same images. `leaderAt(t, where, position)` starts a fetch of 'a' by another leader, which waits at
 * a position and dies with `end()`.
 */
export function overSharedDrivers(what, tests) {
  for (const [name, { place, leaderAt }] of Object.entries(drivers)) {
    describe(`${what}, over a ${name}`, () => tests(place, leaderAt));
  }
}
