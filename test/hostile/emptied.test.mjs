// Parts of the layout are removed while a driver has them open, by `rm -rf DIR/*` for example.

import assert from 'node:assert/strict';
import { existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { collect, openCache } from '../manager/support/caches.mjs';
import { bytesOf } from '../support/contents.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

const bytes = bytesOf(1000);
const parts = ['incomplete', 'invalid', 'queue'];
const removals = {
  'the content of the directory': [...parts, '.xattr-cache', 'old'],
  incomplete: ['incomplete'],
  queue: ['queue'],
};

const writes = {
  writeImage: (driver) => driver.writeImage('a', bytes),
  writeImageSync: async (driver) => driver.writeImageSync('a', bytes),
  openForWrite: async (driver) => {
    const writer = await driver.openForWrite('a');
    await writer.write(bytes);
    await writer.commit();
  },
  openForWriteSync: async (driver) => {
    const writer = driver.openForWriteSync('a');
    writer.writeSync(bytes);
    writer.commitSync();
  },
  queueImage: async (driver) => assert.equal(await driver.queueImage('a'), true),
  queueImageSync: async (driver) => assert.equal(driver.queueImageSync('a'), true),
};

async function opened(t, names) {
  const dir = await temporaryDirectory(t);
  const driver = await openDriver(t, { dir });
  await driver.writeImage('old', bytes);
  for (const name of names) rmSync(join(dir, name), { recursive: true, force: true });
  return { dir, driver };
}

for (const [what, names] of Object.entries(removals)) {
  for (const [name, write] of Object.entries(writes)) {
    test(`a driver – ${what} removed – makes the layout again for ${name}`, async (t) => {
      const { dir, driver } = await opened(t, names);
      await write(driver);
      const another = await openDriver(t, { dir });
      for (const seen of [driver, another]) {
        if (name.startsWith('queue')) assert.equal(await seen.isQueued('a'), true);
        else assert.deepEqual(await seen.readImage('a'), bytes);
      }
    });
  }
}

test('many callers – the content of the directory removed – all succeed', async (t) => {
  const { driver } = await opened(t, removals['the content of the directory']);
  const ids = Array.from({ length: 20 }, (_, i) => `image-${i}`);
  await Promise.all(ids.map((id) => driver.writeImage(id, bytes)));
  assert.equal((await driver.getCachedImages()).length, 20);
});

test('getOrFetch – the content of the directory removed – caches what it fetches', async (t) => {
  const { dir, driver } = await opened(t, removals['the content of the directory']);
  const cache = await openCache(t, { driver });
  const image = await cache.getOrFetch('a', () => [bytes]);
  assert.equal(image.source, 'fetch');
  assert.deepEqual((await collect(image)).bytes, bytes);
  assert.equal(existsSync(join(dir, 'a')), true);
});

test('a writer – incomplete removed under it – loses its claim to the next one', async (t) => {
  const { dir, driver } = await opened(t, []);
  const writer = await driver.openForWrite('a');
  await writer.write(bytes);
  rmSync(join(dir, 'incomplete'), { recursive: true });
  await assert.rejects(writer.commit(), { code: 'ERR_CLAIM_LOST' });
  await writes.openForWrite(driver);
  assert.deepEqual(await driver.readImage('a'), bytes);
});

test('a driver – a removed part that cannot be made again – fails, and names the part', async (t) => {
  const { dir, driver } = await opened(t, ['incomplete']);
  const outside = await temporaryDirectory(t);
  symlinkSync(outside, join(dir, 'incomplete'));
  const expected = { code: 'ERR_IO', path: join(dir, 'incomplete') };
  await assert.rejects(driver.writeImage('a', bytes), expected);
  assert.throws(() => driver.writeImageSync('a', bytes), expected);
  rmSync(join(dir, 'incomplete'));
  writeFileSync(join(dir, 'incomplete'), '');
  await assert.rejects(driver.writeImage('a', bytes), expected);
  rmSync(join(dir, 'incomplete'));
  await driver.writeImage('a', bytes);
});

test('a driver – its directory removed – fails, and makes none at the path', async (t) => {
  const { dir, driver } = await opened(t, []);
  rmSync(dir, { recursive: true });
  const expected = { code: 'ERR_IO', path: join(dir, 'incomplete'), syscall: 'mkdirat' };
  await assert.rejects(driver.writeImage('a', bytes), expected);
  await assert.rejects(driver.queueImage('a'), expected);
  assert.equal(existsSync(dir), false);
});
