// After another boot: the images that no checkpoint vouches for are verified or dropped, before anything is served.

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { chmodSync, openSync, readdirSync, statSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { ImageCache, XattrDriver } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { driverProcess } from '../support/driver-process.mjs';
import { alice, needsOtherUsers } from '../support/other-users.mjs';
import { openDriver } from '../support/xattr-driver.mjs';
import { lostPower, pretendBoot, setVoucher, voucherOf } from './support.mjs';

const ids = async (driver) => (await driver.getCachedImages()).map(({ imageId }) => imageId);

/** Changes a byte of an image, as a disk would: its times stay. */
function damage(dir, imageId) {
  const path = join(dir, imageId);
  const { atime, mtime } = statSync(path);
  const file = openSync(path, 'r+');
  writeSync(file, 'X', 10);
  utimesSync(path, atime, mtime);
}

function collect(t, channel) {
  const events = [];
  const listener = (event) => events.push(event);
  subscribe(channel, listener);
  defer(t, () => unsubscribe(channel, listener));
  return events;
}

test('glance B24: images without a digest – after a boot – later ones are dropped', async (t) => {
  const { dir } = await lostPower(t, { old: { a: bytesOf(100, 1) }, young: { b: bytesOf(200, 2) } });
  const driver = await openDriver(t, { dir });
  assert.deepEqual(await ids(driver), ['a']);
  assert.deepEqual(await driver.readImage('a'), bytesOf(100, 1));
  assert.deepEqual(readdirSync(join(dir, 'invalid')), []);
});

test('a recovery – images with a digest – keeps the whole and drops the damaged', async (t) => {
  const { dir } = await lostPower(t, { digested: { c: bytesOf(300, 3), d: bytesOf(300, 4), e: bytesOf(300, 5) } });
  damage(dir, 'd');
  writeFileSync(join(dir, 'e'), '');
  const driver = await openDriver(t, { dir });
  assert.deepEqual(await ids(driver), ['c']);
  assert.deepEqual(await driver.readImage('c'), bytesOf(300, 3));
});

test('a recovery – image copied in with an old time – drops it by its birth', async (t) => {
  const { dir } = await lostPower(t, { old: { a: bytesOf(10) }, young: { b: bytesOf(10) } });
  utimesSync(join(dir, 'b'), 1, 1);
  assert.deepEqual(await ids(await openDriver(t, { dir })), ['a']);
});

test('a recovery – done once – leaves later images alone', async (t) => {
  const { dir } = await lostPower(t, { young: { a: bytesOf(10) } });
  const driver = await openDriver(t, { dir });
  await driver.writeImage('b', bytesOf(10));
  assert.deepEqual(await ids(await openDriver(t, { dir })), ['b']);
  assert.match(voucherOf(dir), /^1 [-0-9a-f]{36} \d+$/);
  const { thisBoot, doubtfulImages } = await driver.getCheckpointState();
  assert.deepEqual([thisBoot, doubtfulImages], [true, 1]);
});

test('a recovery – leftovers of writers of the boot before – go', async (t) => {
  const { dir, untilNs } = await lostPower(t, { old: { a: bytesOf(10) } });
  const driver = await openDriver(t, { dir });
  const writer = await driver.openForWrite('b');
  await writer.write(bytesOf(10));
  const [privateName] = readdirSync(join(dir, 'incomplete')).filter((name) => name.startsWith('.'));
  await writer.rollback('given up');
  for (const name of [privateName, 'foreign']) writeFileSync(join(dir, 'incomplete', name), 'partial');
  pretendBoot(dir, untilNs);
  await openDriver(t, { dir });
  assert.deepEqual(readdirSync(join(dir, 'incomplete')), ['foreign']);
});

test('a recovery – events – reports what was kept and dropped', async (t) => {
  const young = { b: bytesOf(200, 2), c: bytesOf(50) };
  const { dir, untilNs } = await lostPower(t, { old: { a: bytesOf(1) }, young, digested: { d: bytesOf(300) } });
  const events = collect(t, 'xattr-cache:recover');
  await openDriver(t, { dir });
  const expected = { dir, doubtful: 3, kept: 1, dropped: 2, bytes: 250 };
  assert.deepEqual(
    events.map(({ since, ...event }) => event),
    [expected],
  );
  assert.equal(Math.floor(events[0].since), Number(untilNs / 1_000_000n));
});

test('recover() – dry run – reports, and changes nothing', async (t) => {
  const { dir } = await lostPower(t, { young: { b: bytesOf(200) }, digested: { c: bytesOf(300), d: bytesOf(20) } });
  damage(dir, 'd');
  const before = voucherOf(dir);
  const events = collect(t, 'xattr-cache:recover');
  const { sinceMs: _, ...result } = await XattrDriver.recover({ dir }, { dryRun: true });
  assert.deepEqual({ ...result, dropped: [...result.dropped].sort() }, dropped(['b', 'd'], 220, 1));
  assert.deepEqual([voucherOf(dir), events], [before, []]);
  assert.equal(statSync(join(dir, 'd')).size, 20);
  const { dropped: gone } = await XattrDriver.recover({ dir });
  assert.deepEqual([...gone].sort(), ['b', 'd']);
  assert.equal(await XattrDriver.recover({ dir }), undefined);
});

function dropped(images, bytes, kept) {
  return { doubtful: images.length + kept, kept, dropped: images, bytes };
}

test('recover() – same boot – only with force drops', async (t) => {
  const { dir } = await lostPower(t, { old: { a: bytesOf(10) } });
  const driver = await openDriver(t, { dir });
  await driver.writeImage('b', bytesOf(20));
  for (const dryRun of [true, false]) assert.equal(await XattrDriver.recover({ dir }, { dryRun }), undefined);
  assert.equal(await driver.isCached('b'), true);
  const result = await XattrDriver.recover({ dir }, { force: true });
  assert.deepEqual(result.dropped, ['b']);
  assert.deepEqual(await ids(driver), ['a']);
});

test('recover() – no checkpoint was ever made – trusts every image', async (t) => {
  const driver = await openDriver(t, { durability: 'none' });
  await driver.writeImage('a', bytesOf(10));
  assert.equal(await XattrDriver.recover({ dir: driver.dir }, { force: true }), undefined);
  assert.equal(await driver.isCached('a'), true);
  const { atMs, doubtfulImages, doubtfulBytes } = await driver.getCheckpointState();
  assert.deepEqual([atMs, doubtfulImages, doubtfulBytes], [undefined, 1, 10]);
});

test('a malformed checkpoint – next open – vouches for nothing', async (t) => {
  const { dir } = await lostPower(t, { old: { a: bytesOf(10) }, digested: { b: bytesOf(20) } });
  setVoucher(dir, 'nonsense');
  assert.deepEqual(await ids(await openDriver(t, { dir })), ['b']);
});

test('a checkpoint – of a later version – refuses the directory', async (t) => {
  const { dir } = await lostPower(t, { old: { a: bytesOf(10) } });
  setVoucher(dir, '2 and more');
  await assert.rejects(XattrDriver.open({ dir }), {
    code: 'ERR_BAD_DRIVER_CONFIGURATION',
    message: /a later version of xattr-cache uses it: update this one/,
  });
  assert.equal(voucherOf(dir), '2 and more');
});

test('a process that may only read – before a recovery – gets misses', { skip: needsOtherUsers }, async (t) => {
  const images = { old: { a: bytesOf(10, 1) }, young: { b: bytesOf(10, 2) }, digested: { c: bytesOf(10, 3) } };
  const { dir } = await lostPower(t, { ...images, mode: 0o755 });
  const reader = await driverProcess(t, { dir }, alice);
  assert.deepEqual(Buffer.from(await reader.call('readImage', 'a')), bytesOf(10, 1));
  for (const imageId of ['b', 'c']) {
    assert.equal(await reader.call('readImage', imageId), undefined);
    assert.equal(await reader.call('isCached', imageId), false);
    assert.equal(await reader.call('getImageSize', imageId), 0);
  }
  assert.equal((await reader.call('capabilities')).checkpoint, false);
  await assert.rejects(reader.call('checkpoint'), { code: 'ERR_IO', message: /^EACCES: .*openat/ });
  chmodSync(dir, 0o755);
  await XattrDriver.recover({ dir });
  await reader.call('checkpoint');
  assert.deepEqual(Buffer.from(await reader.call('readImage', 'c')), bytesOf(10, 3));
  assert.equal(await reader.call('readImage', 'b'), undefined);
});

test('a time in the future – listings and readers – show the current time at most', async (t) => {
  const driver = await openDriver(t, { durability: 'none' });
  await driver.writeImage('a', bytesOf(10));
  const future = Date.now() / 1000 + 86_400;
  utimesSync(join(driver.dir, 'a'), future, future);
  writeFileSync(join(driver.dir, 'invalid', 'b'), '');
  utimesSync(join(driver.dir, 'invalid', 'b'), future, future);
  const [image] = await driver.getCachedImages();
  const [invalid] = await driver.getInvalidImages();
  const reader = await driver.openForRead('a');
  await reader.abort();
  const shown = [image.lastModifiedMs, image.lastAccessedMs, invalid.lastModifiedMs, reader.lastModifiedMs];
  for (const timeMs of shown) assert(timeMs <= Date.now() && timeMs > Date.now() - 60_000, String(shown));
});

test('stats() – over a driver – says how far the cache is on disk', async (t) => {
  const { dir, untilNs } = await lostPower(t, { old: { a: bytesOf(10) } });
  const driver = await openDriver(t, { dir, durability: 'none' });
  const cache = await ImageCache.open({ driver });
  await driver.writeImage('b', bytesOf(20));
  const { checkpoint } = await cache.stats();
  assert.deepEqual(checkpoint, await driver.getCheckpointState());
  assert(checkpoint.atMs > Number(untilNs / 1_000_000n));
  assert.deepEqual([checkpoint.doubtfulImages, checkpoint.doubtfulBytes], [1, 20]);
  assert.equal(checkpoint.boot, voucherOf(dir).split(' ')[1]);
});
