import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { bytesOf } from '../support/contents.mjs';
import { driverProcess } from '../support/driver-process.mjs';
import { alice, bob, needsOtherUsers, stranger } from '../support/other-users.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';

const options = { skip: needsOtherUsers };

test('the conformance suite – user other than root – passes', options, async () => {
  const script = fileURLToPath(new URL('../support/conformance-run.mjs', import.meta.url));
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--test-reporter=tap', script], {
    ...stranger,
    cwd: '/',
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'close');
  const output = await text(child.stdout);
  const [code] = await exited;

  const count = (what) => Number(output.match(new RegExp(`^# ${what} (\\d+)$`, 'm'))?.[1]);
  assert.equal(code, 0, output.replace(/^(?!.*not ok).*\n/gm, ''));
  assert.equal(count('fail'), 0);
  assert.equal(count('skipped'), 0);
  assert(count('pass') > 150);
  assert.match(output, /XattrDriver of user 65534/);
});

/** Returns a directory that Alice and Bob share through their group, and that strangers may read. */
async function sharedDirectory(t) {
  const dir = join(await temporaryDirectory(t, { mode: 0o755 }), 'cache');
  await mkdir(dir);
  await chown(dir, alice.uid, alice.gid);
  await chmod(dir, 0o2775);
  return dir;
}

async function share(t) {
  const dir = await sharedDirectory(t);
  const ofAlice = await driverProcess(t, { dir }, { ...alice, umask: 0o002 });
  const ofBob = await driverProcess(t, { dir }, { ...bob, umask: 0o002 });
  return { dir, ofAlice, ofBob };
}

test('two users – shared directory – read, count and replace each other’s images', options, async (t) => {
  const { ofAlice, ofBob } = await share(t);
  assert.equal((await ofBob.call('capabilities')).countsHits, true);
  await ofAlice.call('writeImage', 'image', bytesOf(1000, 1));

  assert.deepEqual(Buffer.from(await ofBob.call('readImage', 'image')), bytesOf(1000, 1));
  assert.equal(await ofAlice.call('getHitCount', 'image'), 1);
  assert.deepEqual(Buffer.from(await ofAlice.call('readImage', 'image')), bytesOf(1000, 1));
  assert.equal(await ofBob.call('getHitCount', 'image'), 2);
  await ofBob.call('openForRead', 'image');
  assert.deepEqual(await ofBob.call('close', 'image'), { counted: true });
  assert.equal(await ofBob.call('getHitCount', 'image'), 3);

  await ofBob.call('writeImage', 'image', bytesOf(500, 2));
  assert.deepEqual(Buffer.from(await ofAlice.call('readImage', 'image')), bytesOf(500, 2));
});

test('a hit – image of another user – marks the access', options, async (t) => {
  const { ofAlice, ofBob } = await share(t);
  for (const id of ['first', 'second']) {
    await ofAlice.call('writeImage', id, bytesOf(10));
    await sleep(20);
  }
  assert.equal((await ofBob.call('getLeastRecentlyAccessed')).imageId, 'first');

  await ofBob.call('readImage', 'first');

  assert.equal((await ofAlice.call('getLeastRecentlyAccessed')).imageId, 'second');
});

test('two users – shared directory – see, evict, queue and clean for each other', options, async (t) => {
  const { ofAlice, ofBob } = await share(t);
  await ofAlice.call('writeImage', 'image', bytesOf(1000));
  await ofAlice.call('queueImage', 'queued');
  await ofAlice.call('openForWrite', 'live');
  await ofAlice.call('write', 'live', bytesOf(10));
  await ofAlice.call('openForWrite', 'failed');
  await ofAlice.call('rollback', 'failed', 'boom');

  assert.equal(await ofBob.call('isBeingCached', 'live'), true);
  await assert.rejects(ofBob.call('openForWrite', 'live'), { code: 'ERR_IMAGE_BUSY' });
  assert.deepEqual(
    (await ofBob.call('getInvalidImages')).map((image) => image.error),
    ['boom'],
  );
  assert.deepEqual(await ofBob.call('clean', 0), { invalidReaped: 1, stalledReaped: 0 });
  assert.equal(await ofBob.call('deleteAllQueuedImages'), 1);
  assert.equal((await ofBob.call('evictTo', 0)).filesEvicted, 1);
  await ofAlice.call('commit', 'live');
  assert.equal((await ofBob.call('evictTo', 0)).filesEvicted, 1);
  assert.equal((await ofAlice.call('evictTo', 0)).filesEvicted, 0);
});

test('a dead writer – of another user – is replaced', options, async (t) => {
  const { ofAlice, ofBob } = await share(t);
  await ofAlice.call('openForWrite', 'image');
  await ofAlice.call('write', 'image', bytesOf(1000, 1));
  await ofAlice.kill();

  assert.equal(await ofBob.call('isBeingCached', 'image'), false);
  await ofBob.call('openForWrite', 'image');
  await ofBob.call('write', 'image', bytesOf(1000, 2));
  await ofBob.call('commit', 'image');

  assert.deepEqual(Buffer.from(await ofBob.call('readImage', 'image')), bytesOf(1000, 2));
  assert.equal((await ofBob.call('getUsage')).incomplete, 0);
});

test('a stalled foreign file – not readable – is reaped, and frees its image', options, async (t) => {
  const { dir, ofBob } = await share(t);
  const path = join(dir, 'incomplete', 'image');
  await writeFile(path, 'partial', { mode: 0o600 });
  const threeHoursAgo = Date.now() / 1000 - 3 * 3600;
  await utimes(path, threeHoursAgo, threeHoursAgo);

  await assert.rejects(ofBob.call('openForWrite', 'image'), { code: 'ERR_IMAGE_BUSY' });
  assert.deepEqual(await ofBob.call('clean', 4 * 3600), { invalidReaped: 0, stalledReaped: 0 });
  assert.deepEqual(await ofBob.call('clean', 3600), { invalidReaped: 0, stalledReaped: 1 });

  await ofBob.call('openForWrite', 'image');
  await ofBob.call('commit', 'image');
});

test('a stranger – may only read – gets the right bytes, counts no hit', options, async (t) => {
  const { dir, ofAlice } = await share(t);
  await ofAlice.call('writeImage', 'image', bytesOf(100_000));
  await ofAlice.call('readImage', 'image');
  await ofAlice.call('queueImage', 'queued');
  await ofAlice.call('openForWrite', 'live');
  const [before] = await ofAlice.call('getCachedImages');

  const ofStranger = await driverProcess(t, { dir }, stranger);

  assert.equal((await ofStranger.call('capabilities')).countsHits, false);
  assert.deepEqual(Buffer.from(await ofStranger.call('readImage', 'image')), bytesOf(100_000));
  await ofStranger.call('openForRead', 'image');
  assert.deepEqual(await ofStranger.call('close', 'image'), { counted: false });
  assert.equal(await ofStranger.call('isCached', 'image'), true);
  assert.equal(await ofStranger.call('isBeingCached', 'live'), true);
  assert.equal(await ofStranger.call('isQueued', 'queued'), true);
  assert.equal(await ofStranger.call('getCacheSize'), 100_000);
  assert.deepEqual(
    (await ofStranger.call('getCachedImages')).map((image) => image.imageId),
    ['image'],
  );
  assert.deepEqual(await ofStranger.call('getQueuedImages'), ['queued']);
  assert.equal((await ofStranger.call('getUsage')).incomplete, 1);
  const [after] = await ofAlice.call('getCachedImages');
  assert.equal(after.hits, before.hits);
});

test('a stranger – calls that write – fail with the system’s error, change nothing', options, async (t) => {
  const { dir, ofAlice } = await share(t);
  await ofAlice.call('writeImage', 'image', bytesOf(10));
  const ofStranger = await driverProcess(t, { dir }, stranger);
  const actions = [
    ['writeImage', 'other', bytesOf(10)],
    ['writeImage', 'image', bytesOf(10)],
    ['openForWrite', 'other'],
    ['queueImage', 'other'],
    ['deleteCachedImage', 'image'],
    ['evictTo', 0],
  ];

  for (const action of actions) await assert.rejects(ofStranger.call(...action), { code: 'ERR_IO' }, action[0]);

  assert.deepEqual(Buffer.from(await ofAlice.call('readImage', 'image')), bytesOf(10));
  assert.equal((await ofAlice.call('getUsage')).incomplete, 0);
});
