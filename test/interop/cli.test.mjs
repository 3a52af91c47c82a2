// The command line on a directory that the real Glance filled.

import assert from 'node:assert/strict';
import { lutimesSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { cli, jsonOf } from '../cli/support.mjs';
import { bytesOf } from '../support/contents.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';
import { glanceOn, needsGlance } from './glance-process.mjs';

const day = 86_400;

/** Three images, of which Glance read one twice, a failed write, one that was dropped, and two requests. */
async function filledByGlance(t) {
  const home = await temporaryDirectory(t);
  const dir = join(home, 'cache');
  const glance = glanceOn(t, dir);
  const source = join(home, 'source');
  const put = async (imageId, size) => {
    writeFileSync(source, bytesOf(size, size));
    assert.equal((await glance.ask('put', imageId, source)).cached, true);
  };
  await put('debian-12', 300_000);
  await put('ubuntu 22.04 “ü”', 200_000);
  await put('empty', 0);
  for (let n = 0; n < 2; n++) await glance.ask('get', 'debian-12');
  await glance.ask('fail', 'failed', source, 'the store said nö');
  writeFileSync(source, bytesOf(200_000));
  await glance.ask('drop', 'dropped', source);
  await glance.ask('queue', 'wanted');
  await glance.ask('queue', 'wanted too');
  const nowS = Date.now() / 1000;
  for (const [imageId, days] of [
    ['debian-12', 1],
    ['ubuntu 22.04 “ü”', 3],
    ['empty', 2],
  ]) {
    lutimesSync(join(dir, imageId), nowS - days * day, nowS - days * day);
  }
  return { home, dir, glance };
}

suite('the command line, on a directory that Glance filled', { skip: needsGlance }, () => {
  test('xattr-cache – images, requests and failures of Glance – shows them', async (t) => {
    const { dir } = await filledByGlance(t);
    const { stdout } = await cli(['list'], { dir });
    assert.equal(
      stdout,
      [
        'id                   size  hits  accessed  modified',
        'debian-12         293 KiB     2   1 d ago   1 d ago',
        'empty                 0 B     0   2 d ago   2 d ago',
        'ubuntu 22.04 “ü”  195 KiB     0   3 d ago   3 d ago',
        '',
        '3 images, 488 KiB',
        '',
      ].join('\n'),
    );
    const { value } = await jsonOf(['stats'], { dir });
    assert.deepEqual([value.images, value.size, value.hits], [3, 500_000, 2]);
    assert.deepEqual([value.queued, value.invalid, value.incomplete], [2, 2, 0]);
    assert.deepEqual((await jsonOf(['queued'], { dir })).value.images.sort(), ['wanted', 'wanted too']);
    const { images } = (await jsonOf(['errors'], { dir })).value;
    assert.deepEqual(images.map(({ imageId, error }) => `${imageId}: ${error}`).sort(), [
      'dropped: incomplete fetch',
      'failed: the store said nö',
    ]);
  });

  test('xattr-cache – reads, puts and removes – Glance sees the same', async (t) => {
    const { home, dir, glance } = await filledByGlance(t);
    const file = join(home, 'file');
    assert.equal((await cli(['get', 'debian-12', file], { dir })).code, 0);
    assert.deepEqual(readFileSync(file), bytesOf(300_000, 300_000));
    assert.equal((await glance.ask('hits', 'debian-12')).hits, 3);

    assert.equal((await cli(['put', 'ours', file], { dir })).code, 0);
    assert.equal((await glance.ask('get', 'ours', join(home, 'copy'))).error, null);
    assert.deepEqual(readFileSync(join(home, 'copy')), readFileSync(file));

    writeFileSync(join(home, 'wanted'), 'here it is');
    const { code, value } = await jsonOf(['prefetch', '--from', home], { dir });
    assert.equal(code, 1);
    assert.deepEqual(value.cached, ['wanted']);
    assert.deepEqual((await glance.ask('queued')).queued_images, ['wanted too']);
    assert.equal((await glance.ask('is', 'wanted')).cached, true);

    assert.equal((await cli(['queue', 'more'], { dir })).code, 0);
    assert.deepEqual((await glance.ask('queued')).queued_images.sort(), ['more', 'wanted too']);
    assert.equal((await cli(['dequeue', '--all', '--yes'], { dir })).stdout, 'dequeued 2 images\n');
    assert.deepEqual((await glance.ask('queued')).queued_images, []);
  });

  test('xattr-cache – prune and clean – do what --dry-run announced', async (t) => {
    const { dir, glance } = await filledByGlance(t);
    const args = ['prune', '--max-size', '300kB'];
    const dry = await jsonOf([...args, '--dry-run'], { dir });
    assert.equal((await glance.ask('size')).size, 500_000);
    const { value } = await jsonOf(args, { dir });
    assert.deepEqual(value.images, dry.value.images);
    assert.deepEqual(
      value.images.map(({ imageId }) => imageId),
      ['ubuntu 22.04 “ü”'],
    );
    assert.equal((await glance.ask('size')).size, 300_000);

    writeFileSync(join(dir, 'incomplete', 'stalled'), 'half');
    const { mtimeMs } = statSync(join(dir, 'incomplete', 'stalled'));
    lutimesSync(join(dir, 'incomplete', 'stalled'), mtimeMs / 1000 - 2 * day, mtimeMs / 1000 - 2 * day);
    assert.equal((await cli(['clean'], { dir })).stdout, 'removed 2 failed writes and 1 stalled write\n');
    assert.equal((await glance.ask('is', 'stalled')).being_cached, false);

    assert.equal((await cli(['delete', 'empty'], { dir })).stdout, 'deleted empty\n');
    assert.equal((await cli(['delete', '--all', '--yes'], { dir })).stdout, 'deleted 1 image\n');
    assert.deepEqual((await glance.ask('list')).cached_images, []);
  });
});
