// The package in its own realm, as a test runner loads it: errors of Node's modules and of the addon are not instances
// of the classes there.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { temporaryDirectory } from '../support/temporary-directory.mjs';

const realm = new URL('../support/realm.mjs', import.meta.url);

/** Runs a script that gets the package of the realm as `realm` and a directory as `dir`. */
async function inRealm(t, script) {
  const dir = await temporaryDirectory(t);
  const source = `
    import { loadInRealm } from ${JSON.stringify(realm.href)};
    import assert from ${JSON.stringify('node:assert/strict')};
    const realm = await loadInRealm();
    const dir = process.argv[1];
    const codeOf = async (promise) => {
      const error = await promise.then(() => assert.fail('no error'), (thrown) => thrown);
      assert(error instanceof realm.evaluate('Error'), error.stack);
      return error.code;
    };
    ${script}
    console.log('done');`;
  const argv = ['--experimental-vm-modules', '--no-warnings', '--input-type=module', '--eval', source, '--', dir];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 60_000 });
  assert.equal(stdout, 'done\n', stderr);
}

test('the package – realm of its own – opens a new directory, writes and reads', async (t) => {
  await inRealm(
    t,
    `const driver = await realm.XattrDriver.open({ dir });
    const { Uint8Array: Bytes } = realm.evaluate('({ Uint8Array })');
    await driver.writeImage('a', Buffer.from('bytes'));
    await driver.writeImage('b', Bytes.of(1, 2));
    await driver.writeImage('c', new ReadableStream({ start(c) { c.enqueue(Buffer.from('c')); c.close(); } }));
    await driver.writeImage('d', [Buffer.from('d')], { signal: new AbortController().signal });
    assert.equal(String(await driver.readImage('a')), 'bytes');
    assert.deepEqual([...(await driver.readImage('b'))], [1, 2]);
    assert.equal(String(await driver.readImage('c')), 'c');
    assert.equal(await driver.readImage('none'), undefined);
    await driver.close();`,
  );
});

test('the package – realm of its own – types the engine’s errors', async (t) => {
  await inRealm(
    t,
    `const driver = await realm.XattrDriver.open({ dir });
    assert.equal(await codeOf(driver.openForRead('none')), 'ERR_IMAGE_NOT_FOUND');
    const writer = await driver.openForWrite('busy');
    assert.equal(await codeOf(driver.openForWrite('busy')), 'ERR_IMAGE_BUSY');
    await driver.deleteCachedImage('busy');
    assert.equal(await codeOf(writer.commit()), 'ERR_CLAIM_LOST');
    assert.equal(await codeOf(driver.createReadStream('none').toArray()), 'ERR_IMAGE_NOT_FOUND');
    assert.equal(await codeOf(realm.incXattr(dir + '/none', 'key')), 'ERR_IMAGE_NOT_FOUND');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(dir + '/directory/inside', { recursive: true });
    assert.equal(await codeOf(driver.writeImage('directory', Buffer.from('x'))), 'ERR_IO');
    const file = new realm.XattrDriver({ dir: dir + '/directory/inside/../../directory/inside' + '/x'.repeat(3000) });
    assert.equal(await codeOf(file.configure()), 'ERR_BAD_DRIVER_CONFIGURATION');
    await driver.close();`,
  );
});

test('the package – realm of its own – fetches images, types failures', async (t) => {
  await inRealm(
    t,
    `const cache = await realm.ImageCache.open({ dir });
    const sources = { list: () => [Buffer.from('x')], response: () => new Response('x') };
    for (const [id, source] of Object.entries(sources)) {
      const image = await cache.getOrFetch(id, source);
      assert.equal(String(Buffer.concat(await image.createReadStream().toArray())), 'x');
      assert.equal(await cache.driver.isCached(id), true);
    }
    const failed = await cache.getOrFetch('failed', () => { throw Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' }); });
    const error = await failed.createReadStream().toArray().catch((thrown) => thrown);
    assert.equal(error.code, 'ERR_FETCH_FAILED');
    assert.match(error.message, /EHOSTUNREACH: no route/);
    await cache.queueImage('queued');
    const { failed: why } = await cache.prefetch(() => { throw new TypeError('no'); });
    assert.equal(why.get('queued').code, 'ERR_FETCH_FAILED');
    await cache.close();`,
  );
});
