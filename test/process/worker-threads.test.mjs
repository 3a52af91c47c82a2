import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { XattrDriver } from '../../dist/index.js';
import { openIn } from '../support/open-files.mjs';
import { runScript } from '../support/run-script.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';

const busyThread = new URL('../fixtures/busy-thread.mjs', import.meta.url);

test('a worker – terminated while it writes – leaves its image free immediately', async (t) => {
  const dir = await temporaryDirectory(t);
  const driver = await XattrDriver.open({ dir });
  t.after(() => driver.close());
  const worker = new Worker(busyThread, { workerData: { dir, task: 'hold' } });
  await once(worker, 'message');
  assert.equal(await driver.isBeingCached('held'), true);

  await worker.terminate();

  assert.equal(await driver.isBeingCached('held'), false);
  await driver.writeImage(
    'held',
    (async function* () {
      yield Buffer.from('new');
    })(),
  );
  assert.equal(String(await driver.readImage('held')), 'new');
});

test('workers – terminated in the middle – leave no descriptor and no wrong byte', async (t) => {
  const dir = await temporaryDirectory(t);
  const driver = await XattrDriver.open({ dir });
  t.after(() => driver.close());
  await terminateOne(dir); // Files that the first one keeps open, for example its libraries, are no leak.
  const before = openIn(dir);
  const rounds = 20;

  for (let round = 0; round < rounds; round++) await terminateOne(dir, round % 7);

  assert.deepEqual(openIn(dir), before);
  for (const { imageId } of await driver.getCachedImages()) {
    const bytes = await driver.readImage(imageId);
    assert(bytes.length === 65_536 && bytes.every((byte) => byte === bytes[0]), `${imageId} is torn`);
  }
});

test('a dropped handle – garbage-collected – a writer rolls back, a reader closes', async (t) => {
  const dir = await temporaryDirectory(t);

  const stdout = await runScript(
    `
    import { readdirSync } from 'node:fs';
    import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
    const { XattrDriver } = xattrCache;
    const driver = await XattrDriver.open({ dir: args[0] });
    await driver.writeImage('read', Buffer.from('bytes'));
    const before = readdirSync('/proc/self/fd').length;
    await (async () => {
      const writer = await driver.openForWrite('written', { signal: new AbortController().signal });
      await writer.write(Buffer.from('part'));
      await driver.openForRead('read');
    })();
    const state = async () => ({
      cacheable: await driver.isCacheable('written'),
      left: [...readdirSync(args[0] + '/incomplete'), ...readdirSync(args[0] + '/invalid')],
      leaked: readdirSync('/proc/self/fd').length - before,
    });
    // Collection and the pool's closing of descriptors take their time.
    let now = await state();
    for (let i = 0; i < 200 && (now.leaked !== 0 || !now.cacheable); i++) { gc(); await turn(); await sleep(10); now = await state(); }
    console.log(JSON.stringify(now));
    `,
    [dir],
    { execArgv: ['--expose-gc'] },
  );

  assert.deepEqual(JSON.parse(stdout), { cacheable: true, left: [], leaked: 0 });
});

test('the process – driver, reader and writer open – exits by itself', async (t) => {
  const dir = await temporaryDirectory(t);
  const stdout = await runScript(
    `
    const driver = await xattrCache.XattrDriver.open({ dir: args[0] });
    await driver.writeImage('image', Buffer.from('bytes'));
    await driver.openForRead('image');
    await driver.openForWrite('other');
    console.log('done');
    `,
    [dir],
    { timeoutMs: 10_000 },
  );
  assert.equal(stdout, 'done\n');
});

async function terminateOne(dir, delayMs = 3) {
  const worker = new Worker(busyThread, { workerData: { dir, task: 'churn' } });
  await once(worker, 'message');
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  await worker.terminate();
}
