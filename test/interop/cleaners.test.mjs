// Two cleaners on one directory, each beside what the other's writers do and what they leave behind when they die.

import assert from 'node:assert/strict';
import { lutimesSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mock, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { bytesOf } from '../support/contents.mjs';
import { within } from '../support/within.mjs';

// The hours at which a writer touches its token. The package takes its timers when it is loaded.
mock.timers.enable({ apis: ['setInterval'] });
const { ClaimLostError, ImageBusyError, ImageCache } = await import('../../dist/index.js');
const { driverProcess } = await import('../support/driver-process.mjs');
const { failingGlanceOn, glanceDownloadInto, needsGlance } = await import('./glance-process.mjs');
const { sharedDirectory } = await import('./shared-directory.mjs');

const chunk = 64 * 1024; // of a download through Glance
const hour = 3_600;

suite('our cleaner', { skip: needsGlance }, () => {
  test('our cleaner – live download of Glance, at any time – leaves it alone', async (t) => {
    const { dir, driver, glance, source } = await sharedDirectory(t);
    const cache = await ImageCache.open({ driver });
    const bytes = bytesOf(20 * chunk);
    const download = glanceDownloadInto(t, dir, 'image', source(bytes));
    let cleaned = 0;
    for (let n = 0; n < 19; n += 1) {
      await download.ask('next');
      assert.deepEqual(await driver.clean(hour), { invalidReaped: 0, stalledReaped: 0 });
      assert.deepEqual(await cache.clean(), { invalidReaped: 0, stalledReaped: 0 });
      cleaned += 2;
    }
    assert.deepEqual(await download.ask('rest'), { bytes: chunk, cached: true });
    assert.deepEqual(await driver.readImage('image'), bytes);
    assert.equal((await glance.ask('hits', 'image')).hits, 1);
    t.diagnostic(`cleaned ${cleaned} times during one download`);
  });

  test('our cleaner – Glance’s leftovers beside a live download – reaps them once aged', async (t) => {
    const { dir, driver, source } = await sharedDirectory(t);
    const bytes = bytesOf(3 * chunk);
    const [dying, living] = ['died', 'lives'].map((id) => glanceDownloadInto(t, dir, id, source(bytes)));
    await Promise.all([dying.ask('next'), living.ask('next')]);
    await dying.kill();

    assert.deepEqual(await driver.clean(hour), { invalidReaped: 0, stalledReaped: 0 });
    makeOlder(join(dir, 'incomplete', 'died'), hour + 1);
    assert.deepEqual(await driver.clean(hour), { invalidReaped: 0, stalledReaped: 1 });
    assert.deepEqual(await living.ask('rest'), { bytes: 2 * chunk, cached: true });
    assert.deepEqual(await driver.readImage('lives'), bytes);
    assert.equal(await driver.isCacheable('died'), true);
  });

  test('our cleaner – Glance downloads where our writer died – leaves it alone', async (t) => {
    const { dir, driver, source } = await sharedDirectory(t);
    const dying = await driverProcess(t, { dir });
    await dying.call('openForWrite', 'image');
    await dying.call('write', 'image', bytesOf(1_000));
    await dying.kill();
    const bytes = bytesOf(3 * chunk, 2);
    const download = glanceDownloadInto(t, dir, 'image', source(bytes)); // as the prefetcher does it, without asking
    await download.ask('next');

    assert.equal(await driver.isBeingCached('image'), true);
    assert.deepEqual(await driver.clean(hour), { invalidReaped: 0, stalledReaped: 0 });
    await assert.rejects(driver.openForWrite('image'), ImageBusyError);
    assert.deepEqual(readdirSync(join(dir, 'incomplete')), ['image']); // what the dead one wrote has gone
    assert.deepEqual(await download.ask('rest'), { bytes: 2 * chunk, cached: true });
    assert.deepEqual(await driver.readImage('image'), bytes);
    assert.deepEqual(readdirSync(join(dir, 'incomplete')), []);
  });
});

suite('the cleaner of Glance', { skip: needsGlance }, () => {
  test('Glance’s cleaner – our writer silent past the stall time, touched – leaves it', async (t) => {
    const { dir, driver, glance, source } = await sharedDirectory(t, { stallTimeSeconds: hour });
    const bytes = bytesOf(200_000);
    const writer = await driver.openForWrite('image');
    await writer.write(bytes.subarray(0, 100_000));
    const files = readdirSync(join(dir, 'incomplete')).map((name) => join(dir, 'incomplete', name));
    assert.equal(files.length, 2);

    for (let hours = 1; hours <= 3; hours += 1) {
      for (const file of files) makeOlder(file, hour + 1);
      mock.timers.tick(hour * 1_000);
      await within(10_000, untilYoung(files), 'the writer is touched');
      await glance.ask('clean');
      assert.equal((await glance.ask('is', 'image')).being_cached, true);
    }
    await writer.write(bytes.subarray(100_000));
    await writer.commit();
    const copy = source(Buffer.alloc(0));
    assert.equal((await glance.ask('get', 'image', copy)).error, null);
    assert.deepEqual(readFileSync(copy), bytes);
  });

  test('Glance’s cleaner – our writer untouched (the control) – its commit fails', async (t) => {
    const { dir, driver, glance } = await sharedDirectory(t, { stallTimeSeconds: hour });
    const writer = await driver.openForWrite('image');
    await writer.write(bytesOf(100_000));
    for (const name of readdirSync(join(dir, 'incomplete'))) makeOlder(join(dir, 'incomplete', name), hour + 1);
    await glance.ask('clean');

    assert.deepEqual(readdirSync(join(dir, 'incomplete')), []);
    await assert.rejects(writer.commit(), ClaimLostError);
    assert.equal(await driver.isCached('image'), false);
    assert.deepEqual(await driver.clean(0), { invalidReaped: 0, stalledReaped: 0 });
    await driver.writeImage('image', bytesOf(10));
    assert.equal((await glance.ask('is', 'image')).cached, true);
  });

  test('Glance’s cleaner – leftovers of our dead writers – reaps them once aged', async (t) => {
    const { dir, driver, glance } = await sharedDirectory(t, { stallTimeSeconds: hour });
    const dying = await driverProcess(t, { dir });
    await dying.call('openForWrite', 'died');
    await dying.call('write', 'died', bytesOf(1_000));
    await dying.kill();
    const left = readdirSync(join(dir, 'incomplete'));
    const writer = await driver.openForWrite('lives');
    await writer.write(bytesOf(1_000));

    for (const name of left) makeOlder(join(dir, 'incomplete', name), hour + 1);
    await glance.ask('clean');
    assert.equal(await driver.isBeingCached('lives'), true);
    await writer.commit();
    assert.deepEqual(readdirSync(join(dir, 'incomplete')), []);
    assert.deepEqual(await driver.readImage('lives'), bytesOf(1_000));
  });
});

test('both cleaners – run concurrently – leave no failed write, and ours never fails', {
  skip: needsGlance,
}, async (t) => {
  const { dir, driver, glance, source } = await sharedDirectory(t);
  const failing = failingGlanceOn(t, dir);
  const file = source(bytesOf(10));
  let [ours, failures] = [0, 0];
  const rounds = 10;
  const each = 20;
  for (let round = 0; round < rounds; round += 1) {
    for (let n = 0; n < each; n += 1) {
      if (n % 2 === 0) await glance.ask('fail', `theirs ${n}`, file);
      else await (await driver.openForWrite(`ours ${n}`)).rollback('failed');
    }
    const [{ invalidReaped }, { error = '' }] = await Promise.all([driver.clean(), failing.ask('clean')]);
    ours += invalidReaped;
    if (error !== '') failures += 1;
    assert.match(error, /^(|FileNotFoundError: .*)$/); // glance B8
    await driver.clean();
    assert.deepEqual(readdirSync(join(dir, 'invalid')), []);
  }
  t.diagnostic(
    `of ${rounds * each} failed writes we took ${ours}; Glance's cleaner failed ${failures} times of ${rounds}`,
  );
});

function makeOlder(file, seconds) {
  const { atimeMs, mtimeMs } = statSync(file);
  lutimesSync(file, atimeMs / 1_000 - seconds, mtimeMs / 1_000 - seconds);
}

async function untilYoung(files) {
  const isOld = (file) => Date.now() - statSync(file).mtimeMs > 60_000;
  while (files.some(isOld)) await sleep(5);
}
