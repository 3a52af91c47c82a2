// Images, requests and failed writes that vanish while a process looks at them.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { bytesOf, drain } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { driverProcess } from '../support/driver-process.mjs';
import { openDriver } from '../support/xattr-driver.mjs';

test('glance B6: a deleted image – before or after the open – a miss, or read whole', async (t) => {
  const driver = await openDriver(t);
  const other = await driverProcess(t, { dir: driver.dir });
  const removals = { delete: () => other.call('deleteCachedImage', 'image'), prune: () => other.call('evictTo', 0) };
  const bytes = bytesOf(300_000);

  for (const [what, remove] of Object.entries(removals)) {
    await driver.writeImage('image', bytes);
    assert.equal(await driver.isCached('image'), true);
    await remove();
    assert.equal(await driver.readImage('image'), undefined, what);
    await assert.rejects(driver.openForRead('image'), { code: 'ERR_IMAGE_NOT_FOUND' });

    await driver.writeImage('image', bytes);
    const download = driver.createReadStream('image');
    await once(download, 'readable');
    const head = download.read();
    await remove();
    assert.equal(await driver.isCached('image'), false);
    assert.deepEqual(Buffer.concat([head, await drain(download)]), bytes);
    assert.equal(download.errored, null);
  }
});

const parts = ['', 'queue', 'invalid', 'incomplete'];

test('glance B8: a file – vanishes between listing and look – fails no operation', async (t) => {
  const driver = await openDriver(t);
  await driver.writeImage('image', bytesOf(10));
  await driver.queueImage('request');
  await (await driver.openForWrite('failure')).rollback('boom');
  const remove = removerIn(t);

  const vanished = Object.fromEntries(parts.map((part) => [part, 0]));
  const shown = () => Object.values(vanished).every((names) => names >= 2);
  let looks = 0;
  for (let round = 0; round < 10 && !shown(); round++) {
    const paths = manyFiles(driver.dir);
    let removing = true;
    const removed = remove(paths).then(() => {
      removing = false;
    });
    for (; removing; looks++) {
      for (const part of parts) vanished[part] += vanishing(join(driver.dir, part));
      await lookAtAll(driver);
    }
    await removed;
  }

  t.diagnostic(`${looks} looks, names that vanished: ${JSON.stringify(vanished)}`);
  assert(shown(), `too few have vanished: ${JSON.stringify(vanished)}`);
});

async function lookAtAll(driver) {
  assert((await driver.getCacheSize()) >= 10);
  assert((await driver.getCachedImages()).some(({ imageId }) => imageId === 'image'));
  assert((await driver.getQueuedImages()).includes('request'));
  assert((await driver.getInvalidImages()).some(({ imageId }) => imageId === 'failure'));
  assert.equal((await driver.getLeastRecentlyAccessed()).imageId, 'image');
  assert.equal((await driver.evictTo(1_000_000)).filesEvicted, 0);
  assert.equal(await driver.reapInvalid(3600), 0);
  assert.equal(await driver.reapStalled(3600), 0);
  await driver.getUsage();
}

/** Returns how many names were listed, and gone when looked at; Glance's `isfile` narrows that window, and leaves it open. */
function vanishing(dir) {
  return readdirSync(dir).filter((name) => !existsSync(join(dir, name))).length;
}

/** Files of every kind, in turn. */
function manyFiles(dir) {
  const paths = Array.from({ length: 150 }, (_, i) => parts.map((part) => join(dir, part, `${i}`))).flat();
  for (const path of paths) writeFileSync(path, 'bytes');
  return paths;
}

/** Resolves when another process has removed the files. */
function removerIn(t) {
  const child = fork(new URL('./remover.mjs', import.meta.url));
  const exited = once(child, 'exit');
  defer(t, async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return async (paths) => {
    child.send(paths);
    await once(child, 'message');
  };
}
