// The whole service over a cache directory that we use too: its clients get right bytes from the files of either.

import assert from 'node:assert/strict';
import { lutimesSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { ImageBusyError, ImageCache, XattrDriver } from '../../dist/index.js';
import { until } from '../cli/support.mjs';
import { bytesOf } from '../support/contents.mjs';
import { glanceApi, needsGlanceApi } from './glance-api.mjs';

const size = 300_000;
// More than the sockets between the service and a client that does not read will hold.
const largeSize = 48 * 2 ** 20;

suite('glance-api on a cache directory that we use too', { skip: needsGlanceApi }, () => {
  const undos = [];
  let api;
  let driver;

  before(async () => {
    api = await glanceApi({ after: (undo) => undos.push(undo) }, { maxSize: 2 * size });
    driver = await XattrDriver.open({ dir: api.dir });
  });
  after(async () => {
    await driver?.close();
    for (const undo of undos) await undo();
  });

  const download = async (id) => {
    const response = await api.request(`/v2/images/${id}/file`);
    assert.equal(response.status, 200);
    return Buffer.from(await response.arrayBuffer());
  };
  // The service commits, and counts, when its client has the last byte.
  const cached = (id) => until(() => driver.isCached(id), 'the service caches the image');
  const hits = (id, n) => until(async () => (await driver.getHitCount(id)) === n, `${n} hits`);

  test('a download – miss, then hits of both sides – fills the cache, and hits add up', async () => {
    const bytes = bytesOf(size, 1);
    const id = await api.upload(bytes);
    assert.equal(await driver.isCached(id), false);
    assert.deepEqual(await download(id), bytes);
    await cached(id);

    const listed = (await driver.getCachedImages()).find(({ imageId }) => imageId === id);
    assert.deepEqual([listed.size, listed.hits], [size, 0]);
    assert.deepEqual(await driver.readImage(id), bytes);
    assert.deepEqual(await download(id), bytes);
    await hits(id, 2);
    assert.deepEqual(await driver.readImage(id), bytes);
    assert.equal((await cacheOf(api)).cached_images.find(({ image_id }) => image_id === id).hits, 3);
    await driver.deleteAllCachedImages();
  });

  test('a download – image that we cached – is served from our file', async () => {
    const id = await api.upload(bytesOf(size, 1));
    const put = bytesOf(size, 2); // as long as the image and not the same, so that it can be seen whence it comes
    await driver.writeImage(id, put);
    assert.deepEqual(await download(id), put);
    await hits(id, 1);

    const claimed = bytesOf(size, 3);
    const writer = await driver.openForWrite(id);
    await writer.write(claimed);
    assert.deepEqual(await download(id), put);
    await writer.commit();
    assert.deepEqual(await download(id), claimed);
    await hits(id, 1);
    await driver.deleteAllCachedImages();
  });

  test('an image – we evict or delete it – is downloaded and cached again', async () => {
    const bytes = bytesOf(size, 1);
    const id = await api.upload(bytes);
    const remove = [() => driver.evictTo(0), () => driver.deleteCachedImage(id), () => driver.deleteAllCachedImages()];
    for (const away of remove) {
      assert.deepEqual(await download(id), bytes);
      await cached(id);
      await away();
      assert.deepEqual((await cacheOf(api)).cached_images, []);
    }
  });

  test('a download – of an image that we write – bypasses the cache, and ours is cached', async () => {
    const bytes = bytesOf(size, 1);
    const id = await api.upload(bytes);
    const writer = await driver.openForWrite(id);
    await writer.write(bytes.subarray(0, 1_000));
    assert.deepEqual(await download(id), bytes);
    assert.equal(await driver.isCached(id), false);
    await writer.write(bytes.subarray(1_000));
    await writer.commit();
    assert.deepEqual(await download(id), bytes);
    await hits(id, 1);
    assert.deepEqual(readdirSync(join(api.dir, 'incomplete')), []);
    await driver.deleteAllCachedImages();
  });

  test('a slow client’s download – our cleaner and our pruner – is left alone', async () => {
    const bytes = bytesOf(largeSize, 4);
    const id = await api.upload(bytes);
    const client = await slowDownload(api, id);
    assert.equal(await driver.isBeingCached(id), true);
    await assert.rejects(driver.openForWrite(id), ImageBusyError);
    assert.deepEqual(await driver.clean(60), { invalidReaped: 0, stalledReaped: 0 });
    await driver.evictTo(0);
    assert.deepEqual(await client.rest(), bytes);
    await cached(id);
    assert.deepEqual(await driver.readImage(id), bytes);
  });

  test('glance B6: an image – evicted while the service sends it – reaches the client', async () => {
    const bytes = bytesOf(largeSize, 5);
    const id = await api.upload(bytes);
    await driver.writeImage(id, bytes);
    const client = await slowDownload(api, id);
    assert.equal(
      (await driver.evictTo(0)).images.some(({ imageId }) => imageId === id),
      true,
    );
    assert.deepEqual(await client.rest(), bytes);
    assert.equal(await driver.isCached(id), false);
    assert.deepEqual(await download(id), bytes);
    await cached(id);
    await driver.deleteAllCachedImages();
  });

  test('the API’s requests – images that we cached and queued – list and delete them', async () => {
    const ids = [await api.upload(bytesOf(10, 1)), await api.upload(bytesOf(10, 2)), await api.upload(bytesOf(10, 3))];
    await driver.writeImage(ids[0], bytesOf(10, 1));
    await driver.writeImage(ids[1], bytesOf(10, 2));
    await driver.queueImage(ids[2]);
    const { cached_images, queued_images } = await cacheOf(api);
    assert.deepEqual(cached_images.map(({ image_id }) => image_id).sort(), ids.slice(0, 2).sort());
    assert.deepEqual(queued_images, [ids[2]]);

    assert.equal((await api.request(`/v2/cache/${ids[0]}`, { method: 'DELETE' })).status, 204);
    assert.equal((await api.request(`/v2/images/${ids[1]}`, { method: 'DELETE' })).status, 204);
    assert.deepEqual(await driver.getCachedImages(), []);
    assert.equal((await api.request('/v2/cache', { method: 'DELETE' })).status, 204);
    assert.deepEqual(await driver.getQueuedImages(), []);
  });

  test('a queued image – queued by either side – the other’s prefetcher fetches it', async () => {
    const contents = [1, 2, 3].map((seed) => bytesOf(size / 10, seed));
    const ids = await Promise.all(contents.map(api.upload));
    await driver.queueImage(ids[0]);
    await driver.queueImage(ids[1]);
    await api.tool('prefetcher');
    for (const n of [0, 1]) assert.deepEqual(await driver.readImage(ids[n]), contents[n]);
    assert.deepEqual(await driver.getQueuedImages(), []);

    assert.equal((await api.request(`/v2/queued_images/${ids[2]}`, { method: 'PUT' })).status, 200);
    const cache = await ImageCache.open({ driver });
    const fetched = await cache.prefetch((imageId) => [contents[ids.indexOf(imageId)]]);
    assert.deepEqual([...fetched.cached, ...fetched.failed], [ids[2]]);
    assert.deepEqual((await cacheOf(api)).queued_images, []);
    assert.deepEqual(await download(ids[2]), contents[2]);
    await driver.deleteAllCachedImages();
  });

  test('Glance’s pruner and cleaner – run by a timer – leave the same as ours', async () => {
    const nowS = Date.now() / 1_000;
    for (const [n, imageId] of ['oldest', 'older', 'newest'].entries()) {
      await driver.writeImage(imageId, bytesOf(size, n));
      lutimesSync(join(api.dir, imageId), nowS - 100 + n * 10, nowS - 100 + n * 10);
    }
    const ours = await driver.evictTo(2 * size, { dryRun: true });
    await api.tool('pruner');
    assert.deepEqual(
      ours.images.map(({ imageId }) => imageId),
      ['oldest'],
    );
    assert.deepEqual((await driver.getCachedImages()).map(({ imageId }) => imageId).sort(), ['newest', 'older']);

    await (await driver.openForWrite('failed')).rollback('planned');
    writeFileSync(join(api.dir, 'incomplete', 'stalled'), 'half');
    lutimesSync(join(api.dir, 'incomplete', 'stalled'), nowS - 100_000, nowS - 100_000);
    const writer = await driver.openForWrite('live');
    await api.tool('cleaner');
    assert.deepEqual(readdirSync(join(api.dir, 'invalid')), []);
    assert.equal(await driver.isBeingCached('stalled'), false);
    assert.equal(await driver.isBeingCached('live'), true);
    await writer.commit();
  });
});

async function cacheOf(api) {
  return await (await api.request('/v2/cache')).json();
}

/** A download whose client has taken one chunk, and takes all that is left when told. */
async function slowDownload(api, id) {
  const response = await api.request(`/v2/images/${id}/file`);
  const reader = response.body.getReader();
  const chunks = [(await reader.read()).value];
  const rest = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return Buffer.concat(chunks);
      chunks.push(value);
    }
  };
  return { rest };
}
