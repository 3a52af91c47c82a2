// The installed package under test runners that load modules in their own way.

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

  test('the package – new directory – opens it, writes and reads an image', async () => {
    const cache = await open();
    expect(await cache.cacheImage('a', [big])).toBe(true);
    expect((await cache.driver.readImage('a')).equals(big)).toBe(true);
    expect((await buffer(cache.driver.createReadStream('a'))).equals(big)).toBe(true);
    await cache.close();
  });

  test('errors – of each kind – are typed', async () => {
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

  test('an image – Response as source – is fetched once', async () => {
    const cache = await open();
    const image = await cache.getOrFetch('a', () => new Response(big), { signal: new AbortController().signal });
    expect((await buffer(image)).equals(big)).toBe(true);
    expect((await cache.getOrFetch('a', () => { throw new Error('again'); })).source).toBe('cache');
    await cache.close();
  });
`;

const fakeTimersCase = `
  import { vi } from 'vitest';

  test('a read and a fetch – fake timers – are not delayed', async () => {
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

test('the installed package – Jest and Vitest – works', async (t) => {
  const project = await projectWith(t);
  writeFileSync(join(project.directory, 'package.json'), '{ "type": "module", "jest": { "transform": {} } }');

  await t.test('the package – Jest, ES modules – works, with typed errors', () => {
    writeFileSync(join(project.directory, 'cache.test.js'), realmCase);
    const args = ['--experimental-vm-modules', binOf('jest', 'bin/jest.js'), '--ci', '--watchman=false'];
    const { status, stderr } = project.attempt('node', args);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^Tests: +3 passed, 3 total$/m);
  });

  for (const pool of ['forks', 'vmThreads']) {
    await t.test(`the package – Vitest, pool ${pool} – works, with typed errors`, () => {
      writeFileSync(join(project.directory, 'cache.test.js'), realmCase + fakeTimersCase);
      const args = [binOf('vitest', 'vitest.mjs'), 'run', '--globals', `--pool=${pool}`, '--no-color'];
      const { status, stdout, stderr } = project.attempt('node', args);
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout, /^ +Tests +4 passed \(4\)$/m);
    });
  }
});
