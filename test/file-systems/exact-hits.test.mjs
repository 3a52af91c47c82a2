// Hits from several processes are exact, and every byte is right, on each file system.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { getXattrSync, incXattrSync } from '../../dist/index.js';
import { together } from '../support/contenders.mjs';
import { mountForSuite, needsFileSystem } from '../support/file-systems.mjs';
import { sampled } from '../support/sample.mjs';
import { isFull } from '../support/scale.mjs';
import { seed } from '../support/seed.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { kinds, smallInodes } from './kinds.mjs';

const processes = 4;
const times = 5_000;
const readers = { threads: 2, reads: isFull ? 1_000 : 200 };
const everyKind = Object.entries({ ...kinds, 'ext4 with 128-byte inodes': smallInodes });

for (const [name, kind] of sampled(everyKind, 1)) {
  describe(`on ${name}`, { skip: needsFileSystem(kind) }, () => {
    const mounted = mountForSuite(kind);
    const counted = async (t) => {
      const path = join(await temporaryDirectory(t, { under: mounted.dir }), 'file');
      await writeFile(path, '');
      return path;
    };

    test(`hits – ${processes} processes add to one file – are all counted`, async (t) => {
      const path = await counted(t);

      const contended = await together('increment', path, processes, [times]);

      t.diagnostic(`${processes} × ${times} increments, lock found taken ${contended} times, seed ${seed}`);
      assert.equal(incXattrSync(path, 'hits', 0), processes * times);
      assert(contended > 0, 'no contention: the test shows nothing');
    });

    test('hits – several processes, no lock (the control) – are lost', async (t) => {
      const path = await counted(t);
      await together('increment-unlocked', path, processes, [times]);
      assert(Number(getXattrSync(path, 'hits')) < processes * times);
    });

    test('readers – processes and worker threads – get every byte and count every hit', async (t) => {
      const driver = await openDriver(t, { dir: await temporaryDirectory(t, { under: mounted.dir }) });
      await driver.writeImage('image', Buffer.alloc(4096, 7));

      await together('read', driver.dir, processes, [readers.threads, readers.reads]);

      assert.equal(await driver.getHitCount('image'), processes * readers.threads * readers.reads);
    });
  });
}
