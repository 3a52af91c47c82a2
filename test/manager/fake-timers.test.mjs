// A test of an application may fake the clock and the timers while it uses the cache.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { runScript } from '../support/run-script.mjs';
import { temporaryDirectory } from '../support/temporary-directory.mjs';

const everything = `
  import { buffer } from 'node:stream/consumers';
  import { mock } from 'node:test';
  process.removeAllListeners('warning');
  const [dir] = args;
  const cache = await xattrCache.ImageCache.open({ dir, maxSize: 20e6 });
  const wait = setTimeout;
  async function work(tag) {
    const { driver } = cache;
    await driver.writeImage('image', Buffer.alloc(3_000_000));
    for (let i = 0; i < 200; i++) await driver.readImage('image');
    await buffer(driver.createReadStream('image'));
    await buffer(await cache.getOrFetch('fetched' + tag, function* () { for (let i = 0; i < 40; i++) yield Buffer.alloc(65536); }));
    const slow = async function* () { await new Promise((resolve) => wait(resolve, 150)); yield Buffer.alloc(7); };
    await Promise.all([1, 2].map(async () => buffer(await cache.getOrFetch('slow' + tag, slow))));
    for await (const _ of cache.cachingIterator('teed' + tag, [Buffer.alloc(9)]));
    await driver.getCachedImages();
    await driver.evictTo(0);
    console.log(tag);
  }
`;

const fakes = {
  'timers and clock of node:test': [
    'mock.timers.enable({ apis: ["setTimeout", "setInterval", "setImmediate", "Date"], now: 0 });',
    'mock.timers.reset();',
  ],
  'a stopped performance.now()': ['const clock = mock.method(performance, "now", () => 0);', 'clock.mock.restore();'],
};

for (const [name, [fake, restore]] of Object.entries(fakes)) {
  test(`${name} – faked after loading – no delay, then or later`, async (t) => {
    const source = `${everything}\n${fake}\nawait work('faked');\n${restore}\nawait work('real');\nawait cache.close();`;
    assert.equal(await runScript(source, [await temporaryDirectory(t)]), 'faked\nreal\n');
  });
}

test('a wait for a lock – clock faked after loading – ends in time', async (t) => {
  const source = `
    import { mock } from 'node:test';
    process.removeAllListeners('warning');
    const { locked, retryWhileLocked } = await import('${new URL('../../dist/base/lock-retry.js', import.meta.url)}');
    mock.method(performance, 'now', () => 0);
    mock.timers.enable({ apis: ['setTimeout'] });
    console.log((await retryWhileLocked(() => locked, 30)) === locked);
  `;
  assert.equal(await runScript(source, [await temporaryDirectory(t)]), 'true\n');
});
