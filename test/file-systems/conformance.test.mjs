// The conformance suite on real file systems of every kind.

import { describe } from 'node:test';

import { XattrDriver } from '../../dist/index.js';
import { conformance } from '../driver/conformance.mjs';
import { mountForSuite, needsFileSystem } from '../support/file-systems.mjs';
import { sampled } from '../support/sample.mjs';
import { isFull } from '../support/scale.mjs';
import { seed } from '../support/seed.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { plant } from '../support/xattr-driver.mjs';
import { kinds, smallInodes } from './kinds.mjs';

for (const [name, kind] of sampled(Object.entries(kinds), 3)) conformanceOn(name, kind);

// With a second between any two changes that have to be told apart.
if (isFull) conformanceOn('ext4 with 128-byte inodes', smallInodes, 1050);

function conformanceOn(name, kind, tickMs) {
  describe(`on ${name} (seed ${seed})`, { skip: needsFileSystem(kind), concurrency: 4 }, () => {
    const mounted = mountForSuite(kind);
    const create = async (t, options) => {
      // On a slow file system the last of a hundred concurrent hits waits for longer than a second.
      const dir = await temporaryDirectory(t, { under: mounted.dir });
      return new XattrDriver({ dir, lockTimeoutMs: 10_000, ...options });
    };
    conformance(name, { create, plant, tickMs });
  });
}
