import assert from 'node:assert/strict';
import { readdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { getXattr, XattrDriver } from '../../../dist/index.js';

/**
 * Looks, with a driver of this process, at what an operation has left in `dir`. `done`: it said that it succeeded, so
 * that nothing but the state after it will do.
 *
 * The image is whole, as it was or as it becomes, and so are its hits; it can be cached again immediately, by a claim and by
 * a whole put; and what else lies there can be cleaned away.
 */
export async function assertSound(dir, operation, { done }) {
  const driver = await XattrDriver.open({ dir });
  try {
    await assertWhole(driver, operation, done);
    await assertCacheable(driver);
    await assertCleanable(driver);
  } finally {
    await driver.close();
  }
}

async function assertWhole(driver, { before, after, hits = 0, hitsAfter = hits, anyHits }, done) {
  const found = await bytesOf(driver.getImageFilepath('a'));
  const possible = done ? [after] : [before, after];
  assert(
    possible.some((bytes) => bytes?.toString() === found?.toString()),
    `the image is ${found}, and may be ${possible.join(' or ')}`,
  );
  assert.equal(await driver.isCached('a'), found !== undefined, 'whether it is cached');
  if (found === undefined) return;

  const count = String(await getXattr(driver.getImageFilepath('a'), 'hits'));
  const replaced = found.toString() !== before?.toString();
  if (anyHits) return assert.match(count, /^[0-2]$/);
  const counts = replaced ? ['0'] : [`${hits}`, `${hitsAfter}`];
  assert(counts.includes(count), `user.hits is ${count}, and may be ${counts.join(' or ')}`);
  assert.equal(String(await driver.readImage('a')), found.toString(), 'what a reader gets');
}

async function assertCacheable(driver) {
  const writer = await driver.openForWrite('a');
  await writer.write(Buffer.from('claimed again'));
  await writer.commit();
  assert.equal(String(await driver.readImage('a')), 'claimed again', 'what is committed afterwards');
  await driver.writeImage('a', Buffer.from('put again'));
  assert.equal(String(await driver.readImage('a')), 'put again', 'what is put afterwards');
  assert.equal(await driver.isBeingCached('a'), false, 'whether it is still being cached');
  assert.equal(await driver.isQueued('a'), false, 'whether it is still queued');
}

async function assertCleanable(driver) {
  // Data that no token names may be that of a writer who is about to claim, for a minute.
  for (const part of ['incomplete', '.']) await age(join(driver.dir, part));
  await driver.clean(0);
  for (const part of ['incomplete', 'invalid']) {
    assert.deepEqual(await readdir(join(driver.dir, part)), [], `what is left in ${part}/`);
  }
  const strays = (await readdir(driver.dir)).filter((name) => name.startsWith('.'));
  assert.deepEqual(
    strays,
    strays.filter((name) => ['.xattr-cache', '.parent'].includes(name)),
    'strays',
  );
}

async function age(dir) {
  for (const name of await readdir(dir)) await utimes(join(dir, name), 1, 1);
}

function bytesOf(path) {
  return readFile(path).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
