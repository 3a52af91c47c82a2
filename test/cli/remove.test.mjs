// delete, queue, dequeue, prune, clean: the removals, and the confirmation before them.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { needsMount } from '../support/mounts.mjs';
import { cacheWith, cli, jsonOf, needsTerminal, onTerminal } from './support.mjs';

suite('delete – any images – removes them', () => {
  test('delete – some ids not cached – removes the others, reports these', async (t) => {
    const { dir, driver } = await cacheWith(t, { a: bytesOf(10), b: bytesOf(10), c: bytesOf(10), d: bytesOf(10) });
    const plain = await cli(['delete', 'a', 'never', 'a', 'c'], { dir });
    assert.deepEqual(plain, { code: 0, stdout: 'deleted a\ndeleted c\nnever was not cached\n', stderr: '' });
    const { code, value } = await jsonOf(['delete', 'b', 'c'], { dir });
    assert.equal(code, 0);
    assert.deepEqual(value, { deleted: ['b'], missing: ['c'], failed: [] });
    assert.deepEqual(
      (await driver.getCachedImages()).map(({ imageId }) => imageId),
      ['d'],
    );
  });

  test('delete – --all – removes all images and nothing else', async (t) => {
    const { dir, driver } = await cacheWith(t, { a: bytesOf(10), b: bytesOf(10) });
    await driver.queueImage('queued');
    const { value } = await jsonOf(['delete', '--all', '--yes'], { dir });
    assert.deepEqual(value, { deleted: ['a', 'b'], missing: [], failed: [] });
    await driver.writeImage('c', bytesOf(10));
    assert.equal((await cli(['delete', '--all', '--yes'], { dir })).stdout, 'deleted 1 image\n');
    assert.deepEqual(readdirSync(dir).sort(), ['.xattr-cache', 'incomplete', 'invalid', 'queue']);
    assert.deepEqual(await driver.getQueuedImages(), ['queued']);
  });

  test('delete – image being written – prevents its commit', async (t) => {
    const { dir, driver } = await cacheWith(t);
    const writer = await driver.openForWrite('a');
    assert.equal((await cli(['delete', 'a'], { dir })).stdout, 'deleted a\n');
    await assert.rejects(writer.commit(), { code: 'ERR_CLAIM_LOST' });
  });

  test('delete – an image not removable – removes the others, names it', { skip: needsMount }, async (t) => {
    const { dir } = await cacheWith(t, { a: bytesOf(10), b: bytesOf(10), c: bytesOf(10) });
    makeIrremovable(t, join(dir, 'b'));
    const { code, value } = await jsonOf(['delete', 'a', 'b', 'c'], { dir });
    assert.equal(code, 1);
    assert.deepEqual([value.deleted, value.error.code], [['a', 'c'], 'ERR_CLI_PARTIAL']);
    assert.deepEqual([value.failed[0].imageId, value.failed[0].error.code], ['b', 'ERR_IO']);
    const { code: again, stdout, stderr } = await cli(['delete', '--all', '--yes'], { dir });
    assert.deepEqual([again, stdout], [1, 'deleted 0 images\n']);
    assert.match(stderr, /^xattr-cache: b: .*\(ERR_IO\)\nxattr-cache: 1 of 1 image failed\n$/);
  });
});

suite('--all – any command – needs confirmation', () => {
  test('--all – no terminal – is refused without --yes', async (t) => {
    const { dir, driver } = await cacheWith(t, { a: bytesOf(10) });
    await driver.queueImage('b');
    for (const command of ['delete', 'dequeue']) {
      const { code, value } = await jsonOf([command, '--all'], { dir });
      assert.deepEqual([code, value.error.code], [2, 'ERR_CLI_USAGE']);
      assert.match(value.error.message, /pass --yes when stdin or stderr is not a terminal/);
    }
    assert.equal((await driver.getCachedImages()).length + (await driver.getQueuedImages()).length, 2);
  });

  test('--all – on a terminal – asks, and accepts only a yes', { skip: needsTerminal }, async (t) => {
    const { dir, driver } = await cacheWith(t, { a: bytesOf(2_000) });
    const question = `Delete all 1 image (1.95 KiB) in ${dir}? [y/N] `;
    const ask = (answer) => onTerminal(['delete', '--all'], { dir, question, answer, columns: 200 });
    for (const answer of ['n\n', '\n', 'yes?\n', '\u0004']) {
      const { code, output } = await ask(answer);
      assert.equal(code, 1, JSON.stringify(answer));
      assert.match(output, /xattr-cache: nothing was done\n$/);
    }
    // Ctrl-C, from the terminal.
    assert.equal((await ask('\u0003')).code, 130);
    assert.equal(await driver.isCached('a'), true);

    const { code, output } = await ask('y\n');
    assert.equal(code, 0);
    assert.match(output, /deleted 1 image\n$/);
    assert.equal(await driver.isCached('a'), false);
    await driver.queueImage('b');
    const dequeued = await onTerminal(['dequeue', '--all'], { dir, question: '[y/N]', answer: 'YES\n' });
    assert.equal(dequeued.code, 0);
    assert.deepEqual(await driver.getQueuedImages(), []);
  });
});

suite('queue and dequeue – any images – add and remove requests', () => {
  test('queue and dequeue – images in every state – act, report exceptions', async (t) => {
    const { dir, driver } = await cacheWith(t, { cached: bytesOf(10) });
    const writer = await driver.openForWrite('being-cached');
    assert.deepEqual(await cli(['queue', 'a', 'b', 'cached'], { dir }), {
      code: 0,
      stdout: 'queued a\nqueued b\ncached is cached already\n',
      stderr: '',
    });
    const { value } = await jsonOf(['queue', 'c', 'a', 'cached', 'being-cached'], { dir });
    assert.deepEqual(value, {
      queued: ['c'],
      notQueued: [
        { imageId: 'a', because: 'queued' },
        { imageId: 'cached', because: 'cached' },
        { imageId: 'being-cached', because: 'being cached' },
      ],
      failed: [],
    });
    await writer.rollback('over');

    assert.equal((await cli(['dequeue', 'a', 'never'], { dir })).stdout, 'dequeued a\nnever was not queued\n');
    const dequeued = await jsonOf(['dequeue', '--all', '--yes'], { dir });
    assert.deepEqual(dequeued.value.dequeued.sort(), ['b', 'c']);
    assert.deepEqual(await driver.getQueuedImages(), []);
    assert.deepEqual((await jsonOf(['dequeue', 'b'], { dir })).value, { dequeued: [], missing: ['b'], failed: [] });
  });
});

suite('prune – any limit – removes the least recently used images', () => {
  /** Opens a cache in which `old` was used ten days ago, `middle` five days ago, `new` now. */
  async function threeAges(t) {
    const cache = await cacheWith(t, { middle: bytesOf(3_000), new: bytesOf(3_000), old: bytesOf(2_000) });
    for (const imageId of ['old', 'old', 'middle']) await cache.driver.readImage(imageId);
    for (const [imageId, days] of [
      ['old', 10],
      ['middle', 5],
    ]) {
      const timeS = Date.now() / 1000 - days * 86_400;
      utimesSync(join(cache.dir, imageId), timeS, timeS);
    }
    return cache;
  }

  test('prune – after --dry-run – removes the same images', async (t) => {
    const { dir, driver } = await threeAges(t);
    const limit = ['--max-size', '5999B'];
    const table = [
      'id          size  hits  accessed',
      'old     1.95 KiB     2  10 d ago',
      'middle  2.93 KiB     1   5 d ago',
      '',
    ];
    const dry = await jsonOf(['prune', '--dry-run', ...limit], { dir });
    assert.deepEqual(await cli(['prune', '--dry-run', ...limit], { dir }), {
      code: 0,
      stdout: [...table, 'would remove 2 images, 4.88 KiB', ''].join('\n'),
      stderr: '',
    });
    assert.equal((await driver.getCachedImages()).length, 3);
    const { value } = await jsonOf(['prune', ...limit], { dir });
    assert.deepEqual({ ...value, dryRun: true }, dry.value);
    assert.equal(value.dryRun, false);
    assert.deepEqual([value.filesPruned, value.bytesPruned], [2, 5_000]);
    assert.deepEqual(
      value.images.map(({ imageId, size, hits }) => [imageId, size, hits]),
      [
        ['old', 2_000, 2],
        ['middle', 3_000, 1],
      ],
    );
    assert.deepEqual(
      (await driver.getCachedImages()).map(({ imageId }) => imageId),
      ['new'],
    );
  });

  test('prune – as text – shows the removed images', async (t) => {
    const { dir } = await threeAges(t);
    const { stdout } = await cli(['prune'], { dir, env: { XATTR_CACHE_MAX_SIZE: '6000' } });
    assert.match(stdout, /^id +size +hits +accessed\nold +1\.95 KiB +2 +10 d ago\n\nremoved 1 image, 1\.95 KiB\n$/);
  });

  test('glance C15: prune – size at the limit – removes nothing', async (t) => {
    const { dir } = await threeAges(t);
    assert.equal((await cli(['prune', '--max-size', '8000'], { dir })).stdout, 'removed 0 images, 0 B\n');
    const { value } = await jsonOf(['prune'], { dir });
    assert.deepEqual(value, { dryRun: false, filesPruned: 0, bytesPruned: 0, images: [] });
  });

  test('prune – an image not removable – removes others, names it', { skip: needsMount }, async (t) => {
    const { dir } = await threeAges(t);
    makeIrremovable(t, join(dir, 'old'));
    const { code, value } = await jsonOf(['prune', '--max-size', '7000'], { dir });
    assert.equal(code, 1);
    assert.deepEqual(
      value.images.map(({ imageId }) => imageId),
      ['middle'],
    );
    assert.equal(value.error.code, 'ERR_CLI_PARTIAL');
    assert.match(value.error.message, /could not be evicted: EBUSY.* \(old\)$/);
  });
});

suite('clean – leftovers of any kind – removes those without a live writer', () => {
  test('clean – failed, stalled and live writes – removes all but the live one', async (t) => {
    const { dir, driver } = await cacheWith(t);
    for (const imageId of ['a', 'b']) await (await driver.openForWrite(imageId)).rollback('failed');
    const foreign = join(dir, 'incomplete', 'foreign');
    writeFileSync(foreign, 'half an ima');
    const hourAgoS = Date.now() / 1000 - 3_600;
    utimesSync(foreign, hourAgoS, hourAgoS);
    const live = await driver.openForWrite('live');

    assert.equal((await cli(['clean'], { dir })).stdout, 'removed 2 failed writes and 0 stalled writes\n');
    const { value } = await jsonOf(['clean', '--stall-time', '3599.5'], { dir });
    assert.deepEqual(value, { invalidReaped: 0, stalledReaped: 1 });
    assert.deepEqual((await jsonOf(['clean', '--stall-time', '0'], { dir })).value, {
      invalidReaped: 0,
      stalledReaped: 0,
    });
    await live.commit();
    assert.equal(await driver.isCached('live'), true);
  });
});

/** Makes a file that not even root can remove, by a mount on it. */
function makeIrremovable(t, path) {
  execFileSync('mount', ['--bind', path, path]);
  defer(t, () => execFileSync('umount', ['--lazy', path]));
}
