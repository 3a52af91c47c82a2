// Ctrl-C and a closed stdout: no command leaves anything half done.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { bytesOf } from '../support/contents.mjs';
import { defer } from '../support/defer.mjs';
import { cacheWith, cli, filesIn, hitsOf, startCli, until } from './support.mjs';

const interrupted = 130;

/** Blocks the event loop for half a second on SIGUSR2. A stopped process would get signals on any thread. */
const busyOnUsr2 = `data:text/javascript,${encodeURIComponent(
  "process.on('SIGUSR2', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500))",
)}`;

suite('a command – interrupted – leaves nothing half done', () => {
  test('put – interrupted by any signal – rolls back, the image can be put again', async (t) => {
    const { dir } = await cacheWith(t, { old: bytesOf(10) });
    for (const [n, signal] of ['SIGINT', 'SIGTERM', 'SIGHUP'].entries()) {
      const { child, ended } = startCli(['put', 'old', '-', '--json'], { dir });
      child.stdin.write(bytesOf(100_000));
      await until(() => filesIn(dir, 'incomplete').includes('old'), 'a claim');
      child.kill(signal);
      const { code, stdout, stderr } = await ended;
      assert.deepEqual([code, stdout, stderr], [[130, 143, 129][n], '', '']);
      assert.equal(child.signalCode, null); // It ended by itself, with nothing in progress.
      assert.deepEqual(filesIn(dir, 'incomplete'), []);
      assert.deepEqual(filesIn(dir, 'invalid'), []);
    }
    assert.equal((await cli(['get', 'old'], { dir })).stdout, String(bytesOf(10)));
    assert.equal((await cli(['put', 'old', '-'], { dir, input: 'new' })).code, 0);
  });

  test('put – interrupted, fifo without a writer – ends all the same', async (t) => {
    const { home, dir } = await cacheWith(t);
    const fifo = join(home, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const { child, ended } = startCli(['put', 'a', fifo], { dir });
    await until(() => filesIn(dir, 'incomplete').includes('a'), 'a claim');
    child.kill('SIGINT');
    assert.equal((await ended).code, interrupted);
    assert.deepEqual(filesIn(dir, 'incomplete'), []);
  });

  test('put – interrupted with its pipeline – does not publish a partial image', async (t) => {
    const { dir } = await cacheWith(t);
    for (let n = 0; n < 3; n++) {
      const { child, ended } = startCli(['put', 'a', '-'], { dir, env: { NODE_OPTIONS: `--import ${busyOnUsr2}` } });
      child.stdin.write(bytesOf(100_000));
      await until(() => filesIn(dir, 'incomplete').length === 2, 'a claim');
      // It is busy meanwhile, so it finds both together: the signal, and the end of curl.
      child.kill('SIGUSR2');
      await sleep(100);
      child.kill('SIGINT');
      child.stdin.end();
      await once(child.stdin, 'close');
      assert.equal((await ended).code, interrupted);
      assert(!existsSync(join(dir, 'a')));
    }
  });

  test('get – interrupted – leaves no partial file and no hit', async (t) => {
    const { home, dir } = await cacheWith(t, { large: Buffer.alloc(0) });
    truncateSync(join(dir, 'large'), 8 * 1024 ** 3); // A sparse file.
    const { child, ended } = startCli(['get', 'large', join(home, 'file')], { dir });
    await until(() => readdirSync(home).length === 2, 'a temporary file');
    child.kill('SIGINT');
    assert.equal((await ended).code, interrupted);
    assert.deepEqual(readdirSync(home), ['cache']);
    assert.equal(hitsOf(dir, 'large'), 0);
  });

  test('get – interrupted, output blocked – ends all the same', async (t) => {
    const { home, dir } = await cacheWith(t, { a: bytesOf(1_000_000) });
    const fifo = join(home, 'fifo');
    execFileSync('mkfifo', [fifo]);
    for (const args of [
      ['get', 'a'],
      ['get', 'a', fifo],
    ]) {
      const { child, ended } = startCli(args, { dir });
      child.stdout.pause();
      // It soon waits for its reader, which cannot be observed from here.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      child.kill('SIGINT');
      child.once('exit', () => child.stdout.resume());
      assert.equal((await ended).code, interrupted);
    }
    assert.equal(hitsOf(dir, 'a'), 0);
  });

  test('prefetch – interrupted – rolls back, keeps the requests', async (t) => {
    const { dir, driver } = await cacheWith(t);
    const server = createServer((request, response) => {
      if (request.url === '/done') response.end('done');
      else response.writeHead(200, { 'content-length': 1_000_000 }).write(bytesOf(1_000));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    defer(t, () => server.close());
    defer(t, () => server.closeAllConnections());
    for (const imageId of ['done', 'a', 'b']) await driver.queueImage(imageId);
    const from = `http://127.0.0.1:${server.address().port}/{id}`;
    const { child, ended } = startCli(['prefetch', '--from', from], { dir });
    await until(() => ['a', 'b'].every((imageId) => filesIn(dir, 'incomplete').includes(imageId)), 'two claims');
    await until(() => existsSync(join(dir, 'done')), 'the image that is done');
    child.kill('SIGINT');
    assert.equal((await ended).code, interrupted);
    assert.deepEqual(filesIn(dir, 'incomplete'), []);
    assert.deepEqual((await driver.getQueuedImages()).sort(), ['a', 'b']);
    assert.deepEqual(filesIn(dir, 'invalid'), []);
  });

  test('delete --all – interrupted – leaves whole images or none', async (t) => {
    const { dir } = await cacheWith(t);
    for (let n = 0; n < 2_000; n++) writeFileSync(join(dir, `image-${n}`), '');
    const { child, ended } = startCli(['delete', '--all', '--yes'], { dir });
    await until(() => !existsSync(join(dir, 'image-0')), 'the first deletion');
    child.kill('SIGINT');
    assert.equal((await ended).code, interrupted);
    const left = readdirSync(dir).length - 3;
    assert(left > 0 && left < 2_000, `${left} images left`);
  });
});

suite('a command – stdout closed early – ends quietly or does its work', () => {
  test('list – stdout closed early – ends quietly', async (t) => {
    const { dir } = await cacheWith(t);
    // This is more than a pipe holds.
    for (let n = 0; n < 1_000; n++) writeFileSync(join(dir, `${'long'.repeat(50)}-${n}`), '');
    for (const args of [['list'], ['list', '--json']]) {
      const { child, ended } = startCli(args, { dir });
      child.stdout.once('data', () => child.stdout.destroy());
      const { code, stderr } = await ended;
      assert.deepEqual([code, stderr], [0, '']);
    }
  });

  test('get – stdout closed early – ends quietly, counts no hit', async (t) => {
    const { dir } = await cacheWith(t, { a: bytesOf(4_000_000) });
    const { child, ended } = startCli(['get', 'a'], { dir });
    child.stdout.once('data', () => child.stdout.destroy());
    const { code, stderr } = await ended;
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(hitsOf(dir, 'a'), 0);
  });

  test('put and prune – stdout closed early – do their work', async (t) => {
    const { dir, driver } = await cacheWith(t, { b: bytesOf(10) });
    for (const args of [
      ['put', 'a', '/dev/null'],
      ['prune', '--max-size', '1'],
    ]) {
      const { child, ended } = startCli(args, { dir });
      child.stdout.destroy();
      child.stderr.destroy();
      assert.equal((await ended).code, 0);
    }
    assert.deepEqual([driver.isCachedSync('a'), driver.isCachedSync('b')], [true, false]);
  });
});
