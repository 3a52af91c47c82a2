// The least recently read go first, exactly, however the file system keeps access times by itself.

import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { bytesOf } from '../support/contents.mjs';
import { mountForSuite, mountUntilOver, needsFileSystem } from '../support/file-systems.mjs';
import { sampled, shuffled } from '../support/sample.mjs';
import { isFull } from '../support/scale.mjs';
import { randomNumbers, seed } from '../support/seed.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { kinds, smallInodes } from './kinds.mjs';

const rounds = isFull ? 100 : 5;
// With strictatime the kernel's order is right now and then.
const controlRounds = isFull ? 100 : 20;
const ids = Array.from({ length: 16 }, (_, i) => `${i}`);
const isExt4 = ([, { type }]) => type === 'ext4';
const idsOf = ({ images }) => images.map((image) => image.imageId);

/** Every way to read an image that counts as an access. */
const reads = [
  (driver, id) => driver.readImage(id),
  (driver, id) => driver.readImageSync(id),
  async (driver, id) => (await driver.openForRead(id)).close(),
  async (driver, id) => driver.openForReadSync(id).closeSync(),
  (driver, id) => buffer(driver.createReadStream(id)),
];

for (const [name, kind] of sampled(Object.entries(kinds), 1, isExt4)) {
  describe(`on ${name}`, { skip: needsFileSystem(kind) }, () => {
    const mounted = mountForSuite(kind);

    test('glance B10: an eviction – images read 1 ms apart – removes the first read first', async (t) => {
      const driver = await openDriver(t, { dir: await temporaryDirectory(t, { under: mounted.dir }) });
      if (kind.type !== 'overlay') assert.equal(driver.capabilities.fileSystem, kind.type);
      if (kind.options) assert.equal(driver.capabilities.atime, kind.options);
      assert(driver.capabilities.timeResolutionMs < 1);
      const random = randomNumbers();
      for (const id of ids) await driver.writeImage(id, bytesOf(10));

      for (let round = 0; round < rounds; round++) {
        const order = shuffled(ids, random);
        for (const [i, id] of order.entries()) {
          await reads[(i + round) % reads.length](driver, id);
          if (i === 3) await (await driver.openForRead(order[0])).abort();
          passOneMillisecond();
        }
        assert.deepEqual(idsOf(await driver.evictTo(0, { dryRun: true })), order, `round ${round}, seed ${seed}`);
      }

      const order = shuffled(ids, random);
      for (const id of order) await driver.readImage(id);
      const evicted = await driver.evictTo(0);
      assert.deepEqual(idsOf(evicted), order);
      for (const { hits } of evicted.images) assert.equal(hits, rounds + 1);
      t.diagnostic(`${rounds} rounds of ${ids.length} reads, seed ${seed}`);
    });

    test('the kernel’s access times – same reads (the control) – give another order', async (t) => {
      const dir = await temporaryDirectory(t, { under: mounted.dir });
      const random = randomNumbers();
      for (const id of ids) writeFileSync(join(dir, id), bytesOf(10));
      const accessed = (id) => statSync(join(dir, id), { bigint: true }).atimeNs;

      let wrong = 0;
      for (let round = 0; round < controlRounds; round++) {
        const order = shuffled(ids, random);
        for (const id of order) {
          readFileSync(join(dir, id));
          passOneMillisecond();
        }
        const found = [...ids].sort((a, b) => Number(accessed(a) - accessed(b)));
        if (found.join() !== order.join()) wrong += 1;
      }

      t.diagnostic(`the order was wrong in ${wrong} of ${controlRounds} rounds, seed ${seed}`);
      assert(wrong > 0, 'the kernel keeps the order, too: the test above shows nothing');
    });
  });
}

test('128-byte inodes – reads in different seconds – keep their order', {
  skip: needsFileSystem(smallInodes),
}, async (t) => {
  const driver = await openDriver(t, { dir: (await mountUntilOver(t, smallInodes)).dir });
  assert.equal(driver.capabilities.timeResolutionMs, 1000);
  for (const id of ['a', 'b', 'c']) await driver.writeImage(id, bytesOf(10));
  for (const id of ['b', 'c', 'a']) {
    await driver.readImage(id);
    await sleep(1001 - (Date.now() % 1000));
  }

  assert.deepEqual(idsOf(await driver.evictTo(0)), ['b', 'c', 'a']);
});

function passOneMillisecond() {
  const until = performance.now() + 1;
  while (performance.now() < until);
}
