// The installed package under the test runners that load modules in a way of their own.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { projectWith } from './support/consumer.mjs';
import './support/tools.mjs';

const require = createRequire(import.meta.url);
const binOf = (name, path) => join(dirname(require.resolve(`${name}/package.json`)), path);

const realmCase = `
  import { mkdtempSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  import { join } from 'node:path';
  import { buffer } from 'node:stream/consumers';
  import { CacheError, ImageBusyError, ImageCache, ImageNotFoundError, XattrDriver } from 'xattr-cache';

  const big = Buffer.alloc(3_000_000, 1);
  const open = () => ImageCache.open({ dir: mkdtempSync(join(tmpdir(), 'xattr-cache-runner-')) });
  const thrownBy = (promise) => promise.then(() => undefined, (error) => error);

  test('a fresh directory is opened, and an image is written and read', async () => {
    const cache = await open();
    expect(await cache.cacheImage('a', [big])).toBe(true);
    expect((await cache.driver.readImage('a')).equals(big)).toBe(true);
    expect((await buffer(cache.driver.createReadStream('a'))).equals(big)).toBe(true);
    await cache.close();
  });

  test('errors are typed', async () => {
    const cache = await open();
    const { driver } = cache;
    expect(driver).toBeInstanceOf(XattrDriver);
    const missing = await thrownBy(driver.openForRead('none'));
    expect(missing).toBeInstanceOf(ImageNotFoundError);
    expect(missing).toBeInstanceOf(Error);
    const writer = await driver.openForWrite('busy');
    const busy = await thrownBy(driver.openForWrite('busy'));
    expect(busy).toBeInstanceOf(ImageBusyError);
    expect(CacheError.is(busy)).toBe(true);
    await driver.deleteCachedImage('busy');
    expect(await thrownBy(writer.commit())).toMatchObject({ code: 'ERR_CLAIM_LOST' });
    await cache.close();
  });

  test('an image is fetched once, from a Response too', async () => {
    const cache = await open();
    const image = await cache.getOrFetch('a', () => new Response(big), { signal: new AbortController().signal });
    expect((await buffer(image)).equals(big)).toBe(true);
    expect((await cache.getOrFetch('a', () => { throw new Error('again'); })).source).toBe('cache');
    await cache.close();
  });
`;

const fakeTimersCase = `
  import { vi } from 'vitest';

  test('fake timers hold up neither a read nor a fetch', async () => {
    const cache = await open();
    await cache.cacheImage('a', [big]);
    vi.useFakeTimers();
    try {
      expect((await buffer(cache.driver.createReadStream('a'))).equals(big)).toBe(true);
      expect((await buffer(await cache.getOrFetch('b', () => [big]))).equals(big)).toBe(true);
    } finally {
      vi.useRealTimers();
    }
    await cache.close();
  });
`;

test('the installed package', async (t) => {
  const project = await projectWith(t);
  writeFileSync(join(project.directory, 'package.json'), '{ "type": "module", "jest": { "transform": {} } }');

  await t.test('under Jest, with ES modules – all works, and errors are typed', () => {
    writeFileSync(join(project.directory, 'cache.test.js'), realmCase);
    const args = ['--experimental-vm-modules', binOf('jest', 'bin/jest.js'), '--ci', '--watchman=false'];
    const { status, stderr } = project.attempt('node', args);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^Tests: +3 passed, 3 total$/m);
  });

  for (const pool of ['forks', 'vmThreads']) {
    await t.test(`under Vitest, in its pool ${pool} – all works, and errors are typed`, () => {
      writeFileSync(join(project.directory, 'cache.test.js'), realmCase + fakeTimersCase);
      const args = [binOf('vitest', 'vitest.mjs'), 'run', '--globals', `--pool=${pool}`, '--no-color'];
      const { status, stdout, stderr } = project.attempt('node', args);
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout, /^ +Tests +4 passed \(4\)$/m);
    });
  }
});
