import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { XattrDriver } from '../../dist/index.js';
import { childrenOf, demo, demoHome, imagesIn, startDemo, untilCaching, untilCachingIn } from '../support/demo.mjs';

const { home, source, emptyDirectory } = demoHome();

test('the demo – its figures – agree with each other', async () => {
  const { code, stdout } = await demo(['--source', source, '--seconds', '1', '--json']);
  const figures = JSON.parse(stdout);
  assert.equal(code, 0, stdout);
  assert.equal(figures.processes, 4);
  assert.equal(figures.hits + figures.misses, figures.reads);
  assert.equal(figures.hitRatio, figures.hits / figures.reads);
  assert.equal(figures.hitsConfirmed + figures.uncounted, figures.reads);
  assert.equal(figures.hitsOnDisk + figures.hitsEvicted, figures.hitsConfirmed);
  assert.equal(figures.lostHits + figures.surplusHits, 0);
  assert.equal(figures.imagesCached - figures.filesEvicted, figures.images);
  assert.equal(figures.arrivals, figures.imagesCached);
  assert.equal(figures.fetches, figures.arrivals + figures.kills);
  assert.equal(figures.redundancy, 1);
  assert.equal(figures.redundantFetches + figures.unexplainedArrivals, 0);
  assert.ok(figures.followed > 0 && figures.followed < figures.misses);
  assert.ok(figures.resumed <= figures.kills, stdout);
  assert.ok(figures.imagesFetched <= figures.arrivals + figures.cleanedUp, stdout);
  assert.ok(figures.filesEvicted > figures.filesPruned && figures.bytesEvicted > figures.maxSize);
  assert.ok(figures.evictedDuringReads > 0 && figures.evictedDuringReads <= figures.uncounted);
  assert.equal(figures.takeOvers + figures.cleanedUp, figures.kills);
  assert.ok(figures.takeOvers > 0 && figures.slowestTakeOverMs > 0);
  assert.ok(figures.bytesServed > figures.bytesFromCache && figures.bytesFromCache > 0);
  assert.ok(figures.readsPerSecond > 0 && figures.bytesPerSecond > 0);
  assert.equal(figures.allowedSize, figures.maxSize + figures.bytesAtOnce);
  assert.ok(figures.largestSize <= figures.allowedSize && figures.largestSize >= figures.cacheSize);
  assert.ok(figures.cacheSize <= figures.maxSize && figures.looksAtSize > 0);
});

test('the demo – stdout is not a terminal – prints a plain table and proof', async () => {
  const { code, stdout, stderr } = await demo(['--source', source, '--seconds', '1', '--workers', '2']);
  assert.equal(code, 0, stdout);
  assert.equal(stderr, '');
  assert.match(stdout, /processes taking part +│ +2 of 2 │/);
  assert.equal(stdout.match(/^✓ .+\.$/gm).length, 7);
  assert.ok(!stdout.includes('✗'));
  assert.match(stdout, /All is right\.\n$/);
  assert.ok(!stdout.includes('\u001b'));
});

test('the demo – cache of an earlier run – continues with its hits, and tidies up', async () => {
  const dir = join(emptyDirectory(), 'made', 'if-missing');
  const args = ['--source', source, '--dir', dir, '--seconds', '1', '--json'];
  const first = await demo(args);
  assert.equal(first.code, 0, first.stdout + first.stderr);
  const { hitsOnDisk } = JSON.parse(first.stdout);
  const second = await demo(args);
  assert.equal(second.code, 0, second.stdout + second.stderr);
  assert.equal(JSON.parse(second.stdout).hitsBefore, hitsOnDisk);
  for (const place of ['incomplete', 'invalid', 'queue']) assert.deepEqual(readdirSync(join(dir, place)), []);
});

test('the demo – Ctrl-C once or twice – exits 130 and leaves nothing behind', async () => {
  const temp = emptyDirectory();
  const { child, ended } = startDemo(['--source', source, '--seconds', '60'], { temp });
  await untilCachingIn(temp);
  const processes = childrenOf(child.pid);
  assert.ok(processes.length >= 6);
  // As a terminal does it: to all processes in it.
  for (const pid of [child.pid, ...processes, child.pid]) interrupt(pid);
  const { code, stdout } = await ended;
  assert.equal(code, 130);
  assert.equal(stdout, '');
  assert.deepEqual(readdirSync(temp), []);
  for (const pid of processes) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('the demo – Ctrl-C with --dir – keeps the directory, without claims in it', async () => {
  const dir = emptyDirectory();
  const { child, ended } = startDemo(['--source', source, '--dir', dir, '--seconds', '60', '--json']);
  await untilCaching(dir);
  child.kill('SIGTERM');
  const { code, stdout } = await ended;
  assert.equal(code, 143);
  assert.equal(stdout, '');
  assert.ok(imagesIn(dir).length > 0);
  assert.deepEqual(readdirSync(join(dir, 'incomplete')), []);
});

test('the demo – a worker dies – fails immediately and names the worker', async () => {
  const temp = emptyDirectory();
  const { child, ended } = startDemo(['--source', source, '--seconds', '60'], { temp });
  await untilCachingIn(temp);
  process.kill(childrenOf(child.pid)[1], 'SIGKILL');
  const killedMs = performance.now();
  const { code, stderr } = await ended;
  assert.ok(performance.now() - killedMs < 30_000);
  assert.equal(code, 1);
  assert.match(stderr, /worker \d of 4 \(process \d+\) failed: it was ended by SIGKILL/);
  assert.deepEqual(readdirSync(temp), []);
});

test('the demo – stdout is closed early – does not fail', async () => {
  const temp = emptyDirectory();
  const { child, ended } = startDemo(['--source', source, '--seconds', '1'], { temp });
  child.stdout.destroy();
  child.stderr.destroy();
  assert.equal((await ended).code, 0);
  assert.deepEqual(readdirSync(temp), []);
});

test('the demo – directory used by another demo – is refused', async () => {
  const dir = emptyDirectory();
  const first = startDemo(['--source', source, '--dir', dir, '--seconds', '60', '--json']);
  await untilCaching(dir);
  const second = await demo(['--source', source, '--dir', dir, '--seconds', '1', '--json']);
  assert.equal(second.code, 1);
  assert.match(JSON.parse(second.stdout).error.message, /another demo is running/);
  assert.equal(first.child.exitCode, null, first.output.stdout);
  first.child.kill('SIGINT');
  assert.equal((await first.ended).code, 130);
});

test('the demo – directory with other files – is refused and left alone', async () => {
  const dir = emptyDirectory();
  writeFileSync(join(dir, 'precious'), 'data');
  const { code, stderr } = await demo(['--source', source, '--dir', dir]);
  assert.equal(code, 1);
  assert.match(stderr, /neither empty nor a cache.*--dir/);
  assert.deepEqual(readdirSync(dir), ['precious']);
});

test('the demo – directory with other images – fails, and evicts none', async () => {
  const dir = emptyDirectory();
  const driver = await XattrDriver.open({ dir });
  driver.writeImageSync('precious', Buffer.from('data'));
  await driver.close();
  const { code, stderr } = await demo(['--source', source, '--dir', dir]);
  assert.equal(code, 1);
  assert.match(stderr, /holds 1 image of another program \(precious\)/);
  assert.equal(readFileSync(join(dir, 'precious'), 'utf8'), 'data');
  assert.deepEqual(readdirSync(join(dir, 'incomplete')), []);
});

test('the demo – limit that nothing can exceed – is refused immediately', async () => {
  const { code, stderr } = await demo(['--source', source, '--max-size', '20GB']);
  assert.equal(code, 1);
  assert.match(stderr, /nothing would ever be evicted.*--max-size/);
});

test('the demo – no source – says what to do', async () => {
  const missing = await demo(['--source', join(home, 'nowhere')]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /--source DIR/);
  const empty = await demo(['--source', emptyDirectory(), '--json']);
  assert.equal(empty.code, 1);
  assert.equal(JSON.parse(empty.stdout).error.code, 'ERR_DEMO_SOURCE');
});

test('the demo – wrong usage – exits 2 with the reason on stderr', async () => {
  const wrong = [
    ['--max-size', '10XB'],
    ['--max-size', '-1'],
    ['--max-size', '1e400'],
    ['--max-size', 'NaN'],
    ['--max-size', '0'],
    ['--workers', '1'],
    ['--workers', '2.5'],
    ['--seconds', '0'],
    ['--seconds', 'soon'],
    ['--seconds'],
    ['--nonsense'],
    ['surplus'],
    ['--source', source, '--dir', join(source, 'cache')],
  ];
  const outcomes = await Promise.all(wrong.map((args) => demo(args)));
  for (const [index, { code, stdout, stderr }] of outcomes.entries()) {
    assert.equal(code, 2, wrong[index].join(' '));
    assert.equal(stdout, '');
    assert.notEqual(stderr, '');
  }
});

function interrupt(pid) {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // A victim of the demo's own that has ended since.
  }
}
