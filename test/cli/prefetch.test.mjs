// prefetch: queued images are fetched from a server or a directory. A failure is reported, and its image stays queued.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { fetchFrom, sourceOption } from '../../dist/cli/prefetch-source.js';
import { getXattr } from '../../dist/index.js';
import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { within } from '../support/within.mjs';
import { cacheWith, cli, errorOf, filesIn, jsonOf } from './support.mjs';

/** Opens a cache with `imageIds` queued, and a server that responds to each with `answers[id]`. */
async function queuedAt(t, answers, imageIds = Object.keys(answers)) {
  const cache = await cacheWith(t);
  for (const imageId of imageIds) await cache.driver.queueImage(imageId);
  const asked = [];
  const server = createServer((request, response) => {
    const imageId = decodeURIComponent(request.url.slice('/images/'.length));
    asked.push(request);
    response.on('error', () => {});
    answers[imageId](response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  defer(t, () => server.close());
  defer(t, () => server.closeAllConnections());
  return { ...cache, asked, from: `http://127.0.0.1:${server.address().port}/images/{id}` };
}

suite('prefetch – from a server – caches complete images only', () => {
  test('prefetch – ids of any characters – caches them, empties the queue', async (t) => {
    const ids = ['plain', 'with space & ünïcode?#', '%2e%2e', "$&$'"];
    const answer = (imageId) => (response) => response.end(`the bytes of ${imageId}`);
    const { dir, driver, from } = await queuedAt(t, Object.fromEntries(ids.map((id) => [id, answer(id)])));
    const { code, value } = await jsonOf(['prefetch', '--from', from], { dir });
    assert.equal(code, 0);
    assert.deepEqual([value.cached.sort(), value.beingCached, value.failed], [ids.sort(), [], []]);
    for (const imageId of ids) assert.equal(readFileSync(join(dir, imageId), 'utf8'), `the bytes of ${imageId}`);
    assert.deepEqual(await driver.getQueuedImages(), []);
    assert.equal((await cli(['prefetch', '--from', from], { dir })).stdout, 'nothing is queued\n');
  });

  test('prefetch – bad sources of every kind – reports the reason of each', async (t) => {
    const endless = (response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    const { dir, driver, from } = await queuedAt(t, {
      missing: (response) => response.writeHead(404).end('no such image'),
      silent: () => {},
      stalling: (response) => response.write('a beginning'),
      truncated: (response) => {
        response.writeHead(200, { 'content-length': 1_000 });
        response.write('not all', () => response.destroy());
      },
      'truncated without a length': (response) => response.write('not all', () => response.destroy()),
      endless,
      'too large': (response) => {
        response.writeHead(200, { 'content-length': 10_000_000 });
        endless(response);
      },
      'no content': (response) => response.writeHead(204).end(),
      good: (response) => response.end('good'),
    });
    const args = ['prefetch', '--from', from, '--timeout', '1', '--max-size', '1MiB', '--concurrency', '2'];
    const { code, value } = await jsonOf(args, { dir });
    assert.equal(code, 1);
    assert.deepEqual(value.cached, ['good']);
    assert.deepEqual([value.error.code, value.error.message], ['ERR_CLI_PARTIAL', '8 of 9 images failed']);
    const failures = Object.fromEntries(
      value.failed.map(({ imageId, error }) => [imageId, `${error.code} ${error.message}`]),
    );
    const expected = {
      missing: /^ERR_FETCH_FAILED .*404/,
      silent: /^ERR_FETCH_FAILED cannot fetch http.*\/images\/silent: no byte arrived for 1 s$/,
      stalling: /^ERR_FETCH_FAILED .*no byte arrived for 1 s$/,
      truncated: /^ERR_FETCH_FAILED .*(other side closed|terminated|aborted)/,
      'truncated without a length': /^ERR_FETCH_FAILED .*(other side closed|terminated|aborted)/,
      endless: /^ERR_NO_SPACE .*larger than the cache/,
      'too large': /^ERR_NO_SPACE .*larger than the cache/,
      'no content': /^ERR_FETCH_FAILED .*204/,
    };
    assert.deepEqual(Object.keys(failures).sort(), Object.keys(expected).sort());
    for (const [imageId, message] of Object.entries(expected)) assert.match(failures[imageId], message);
    assert.deepEqual((await driver.getQueuedImages()).sort(), Object.keys(expected).sort());
    assert.deepEqual(filesIn(dir, 'incomplete'), []);

    for (const imageId of Object.keys(expected)) await driver.deleteQueuedImage(imageId);
    await driver.queueImage('missing');
    const { stdout, stderr } = await cli(args, { dir });
    assert.equal(stdout, '');
    assert.match(stderr, /^xattr-cache: missing: .*404.* \(ERR_FETCH_FAILED\)\nxattr-cache: 1 of 1 image failed\n$/);
  });

  test('a response – body cancelled – closes its connection', async (t) => {
    let closed;
    const { from } = await queuedAt(t, {
      endless: (response) => {
        closed = once(response, 'close');
        response.write(bytesOf(100_000));
      },
    });
    const fetch = await fetchFrom(sourceOption(from), 60_000);
    const { body } = await fetch('endless', { offset: 0, signal: new AbortController().signal });
    await body.cancel();
    await within(10_000, closed, 'the end of the connection');
  });

  test('prefetch – server not running – reports the refused connection', async (t) => {
    const { dir, driver } = await cacheWith(t);
    await driver.queueImage('a');
    const { value } = await jsonOf(['prefetch', '--from', 'http://127.0.0.1:9/{id}'], { dir });
    assert.match(
      value.failed[0].error.message,
      /^cannot fetch http:\/\/127\.0\.0\.1:9\/a: (connect ECONNREFUSED|bad port)/,
    );
  });

  test('a signed URL – its download breaks – shows no secret anywhere', async (t) => {
    const cut = (response) => {
      response.writeHead(200, { 'content-length': 1_000 });
      response.write('not all', () => response.destroy());
    };
    const { dir, from } = await queuedAt(t, { 'a?X-Signature=s3cret': cut }, ['a']);
    const args = ['prefetch', '--from', `${from}?X-Signature=s3cret`];
    const texts = [
      (await cli(args, { dir })).stderr,
      JSON.stringify((await jsonOf(args, { dir })).value),
      errorOf(dir, 'a'),
    ];
    for (const text of texts) {
      assert.match(text, /cannot fetch http.*\/images\/a\?…: /);
      assert.doesNotMatch(text, /s3cret/);
    }
    const wrong = await cli(['prefetch', '--from', 'http://user:s3cret@host/{id}'], { dir });
    assert.equal(wrong.code, 2);
    assert.doesNotMatch(wrong.stderr, /s3cret/);
  });

  test('a file of checksums – given – only the bytes it names are cached', async (t) => {
    const answer = (response) => response.end('the bytes');
    const { home, dir, driver, from } = await queuedAt(t, { right: answer, wrong: answer, unnamed: answer });
    const file = join(home, 'SHA256SUMS');
    const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
    writeFileSync(file, `${digest('the bytes')}  right\n${digest('others')} *wrong\n`);
    const { code, value } = await jsonOf(['prefetch', '--from', from, '--checksums', file], { dir });
    assert.equal(code, 1);
    assert.deepEqual(value.cached, ['right']);
    const codes = Object.fromEntries(value.failed.map(({ imageId, error }) => [imageId, error.code]));
    assert.deepEqual(codes, { wrong: 'ERR_CHECKSUM_MISMATCH', unnamed: 'ERR_CLI_FILE' });
    assert.equal(await driver.isCached('wrong'), false);
    assert.match(String(await getXattr(join(dir, 'right'), 'xattr_cache.digest')), /^9 sha256-/);
    writeFileSync(file, 'no digest\n');
    assert.equal((await cli(['prefetch', '--from', from, '--checksums', file], { dir })).code, 2);
    assert.equal((await cli(['prefetch', '--from', from, '--checksums', join(home, 'none')], { dir })).code, 1);
  });

  test('a response – encoded, although identity was requested – is refused', async (t) => {
    const { dir, driver, from } = await queuedAt(t, {
      a: (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('text')),
    });
    const { value } = await jsonOf(['prefetch', '--from', from], { dir });
    assert.match(value.failed[0].error.message, /content-encoding gzip/);
    assert.equal(await driver.isCached('a'), false);
  });

  test('a response – compressed file, slow bytes – is cached as it is', async (t) => {
    const zipped = gzipSync('text');
    const { dir, asked, from } = await queuedAt(t, {
      'file.gz': (response) => response.writeHead(200, { 'content-type': 'application/gzip' }).end(zipped),
      slow: (response) => {
        let n = 0;
        const timer = setInterval(() => (n++ < 5 ? response.write('.') : response.end() && clearInterval(timer)), 300);
      },
    });
    assert.equal((await cli(['prefetch', '--from', from, '--timeout', '1'], { dir })).code, 0);
    assert.deepEqual(readFileSync(join(dir, 'file.gz')), zipped);
    assert.equal(readFileSync(join(dir, 'slow'), 'utf8'), '.....');
    assert.equal(asked[0].headers['accept-encoding'], 'identity');
  });

  test('prefetch – concurrency of 3 – fetches three images concurrently', async (t) => {
    let now = 0;
    let most = 0;
    const answer = (response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        response.end('bytes');
      }, 50);
    };
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const { dir, from } = await queuedAt(t, Object.fromEntries(ids.map((id) => [id, answer])));
    assert.equal((await cli(['prefetch', '--from', from, '--concurrency', '3'], { dir })).code, 0);
    assert.equal(most, 3);
  });

  test('prefetch – image being written elsewhere – leaves it to its writer', async (t) => {
    const { dir, driver, from } = await queuedAt(t, { a: (response) => response.end('ours') });
    const writer = await driver.openForWrite('a');
    assert.equal((await cli(['prefetch', '--from', from], { dir })).stdout, 'a is being cached by another process\n');
    const { code, value } = await jsonOf(['prefetch', '--from', from], { dir });
    assert.deepEqual([code, value], [0, { cached: [], beingCached: ['a'], failed: [] }]);
    await writer.rollback('over');
  });
});

suite('prefetch – from a directory – caches its files', () => {
  test('prefetch – files, a missing one, a directory – caches the files', async (t) => {
    const { home, dir, driver } = await cacheWith(t);
    const from = join(home, 'images');
    mkdirSync(join(from, 'directory'), { recursive: true });
    writeFileSync(join(from, 'a'), bytesOf(3_000_000));
    for (const imageId of ['a', 'absent', 'directory']) await driver.queueImage(imageId);
    const { code, value } = await jsonOf(['prefetch', '--from', from], { dir });
    assert.equal(code, 1);
    assert.deepEqual(value.cached, ['a']);
    const failures = Object.fromEntries(value.failed.map(({ imageId, error }) => [imageId, error]));
    assert.match(failures.absent.message, /cannot read .*\/images\/absent: ENOENT/);
    assert.match(failures.directory.message, /it is not a file/);
    assert.equal(failures.absent.code, 'ERR_FETCH_FAILED');
    assert.deepEqual(readFileSync(join(dir, 'a')), bytesOf(3_000_000));
    assert.deepEqual((await driver.getQueuedImages()).sort(), ['absent', 'directory']);
  });
});
