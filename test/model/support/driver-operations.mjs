// What a driver can do, and what it should do, on a model in memory:
//
//   images   by id: { version, hits }       readers   by slot: { image }        dead      ids that a dead writer holds
//   queue    ids, oldest first               writers   by slot: { id, version, deleted }    invalid   by id: { size, error }

import assert from 'node:assert/strict';
import fc from 'fast-check';

import { plantDeadWriter } from '../../support/dead-writer.mjs';
import { versionBytes, versionIn } from '../../support/versions.mjs';

export const emptyModel = () => ({
  images: new Map(),
  queue: [],
  readers: new Map(),
  writers: new Map(),
  dead: new Set(),
  invalid: new Map(),
});

const id = fc.constantFrom('a', 'b', 'with space');
const slot = fc.nat(1);
const sync = fc.boolean();
const version = fc.nat(1_000_000).map(String);
const nameOf = (imageId) => imageId.replace(' ', '-');
const bytesOf = (imageId, number) => versionBytes(nameOf(imageId), number);
const sizeOf = (imageId, image) => (image ? bytesOf(imageId, image.version).length : 0);
const live = (model, imageId) => [...model.writers.values()].find((writer) => writer.id === imageId);
const total = ({ images }) => [...images].reduce((sum, [imageId, image]) => sum + sizeOf(imageId, image), 0);
const versionOf = (imageId, bytes) => bytes && versionIn(nameOf(imageId), bytes);
const sorted = (rows) => rows.sort((a, b) => (a.imageId < b.imageId ? -1 : 1));

function dequeue(model, imageId) {
  model.queue = model.queue.filter((queued) => queued !== imageId);
}

function publish(model, imageId, number) {
  model.images.set(imageId, { version: number, hits: 0 });
  dequeue(model, imageId);
}

/** A question that can be asked both ways. */
const question = (method, expect) => ({
  args: [id, sync],
  act: ({ driver }, imageId, isSync) => driver[isSync ? `${method}Sync` : method](imageId),
  expect,
});

const questions = {
  isCached: question('isCached', ({ images }, imageId) => images.has(imageId)),
  isBeingCached: question('isBeingCached', (model, imageId) => live(model, imageId) !== undefined),
  isCacheable: question('isCacheable', (model, imageId) => !model.images.has(imageId) && !live(model, imageId)),
  isQueued: question('isQueued', ({ queue }, imageId) => queue.includes(imageId)),
  getHitCount: question('getHitCount', ({ images }, imageId) => images.get(imageId)?.hits ?? 0),
  getImageSize: question('getImageSize', ({ images }, imageId) => sizeOf(imageId, images.get(imageId))),
  getQueuedImages: { act: ({ driver }) => driver.getQueuedImages(), expect: ({ queue }) => queue },
  getCacheSize: { act: ({ driver }) => driver.getCacheSize(), expect: total },
  getCachedImages: {
    act: async ({ driver }) =>
      (await driver.getCachedImages()).map(({ imageId, size, hits }) => ({ imageId, size, hits })),
    expect: ({ images }) =>
      sorted([...images].map(([imageId, image]) => ({ imageId, size: sizeOf(imageId, image), hits: image.hits }))),
  },
  getInvalidImages: {
    act: async ({ driver }) =>
      sorted((await driver.getInvalidImages()).map(({ imageId, size, error }) => ({ imageId, size, error }))),
    expect: ({ invalid }) => sorted([...invalid].map(([imageId, failed]) => ({ imageId, ...failed }))),
  },
};

const reading = {
  readImage: {
    args: [id, sync],
    act: async ({ driver }, imageId, isSync) =>
      versionOf(imageId, isSync ? driver.readImageSync(imageId) : await driver.readImage(imageId)),
    expect: ({ images }, imageId) => {
      const image = images.get(imageId);
      if (image) image.hits += 1;
      return image?.version;
    },
  },
  openForRead: {
    args: [slot, id],
    can: ({ readers }, at) => !readers.has(at),
    act: async ({ driver, readers }, at, imageId) => void readers.set(at, await driver.openForRead(imageId)),
    expect: ({ images, readers }, at, imageId) => {
      if (!images.has(imageId)) return 'ERR_IMAGE_NOT_FOUND';
      readers.set(at, { id: imageId, image: images.get(imageId) });
    },
  },
  read: {
    args: [slot],
    can: ({ readers }, at) => readers.has(at),
    act: async ({ readers }, at) => {
      const reader = readers.get(at);
      const bytes = Buffer.alloc(reader.size);
      await reader.read(bytes, 0, bytes.length, 0);
      return versionOf(reader.imageId, bytes);
    },
    expect: ({ readers }, at) => readers.get(at).image.version,
  },
  closeReader: {
    args: [slot, sync],
    can: ({ readers }, at) => readers.has(at),
    act: ({ readers }, at, isSync) => take(readers, at)[isSync ? 'closeSync' : 'close'](),
    expect: ({ images, readers }, at) => {
      const { id: imageId, image } = take(readers, at);
      image.hits += 1;
      return { counted: images.get(imageId) === image };
    },
  },
  abortReader: {
    args: [slot],
    can: ({ readers }, at) => readers.has(at),
    act: ({ readers }, at) => take(readers, at).abort(),
    expect: ({ readers }, at) => void take(readers, at),
  },
};

const writing = {
  put: {
    args: [id, version, sync],
    act: ({ driver }, imageId, number, isSync) =>
      driver[isSync ? 'writeImageSync' : 'writeImage'](imageId, bytesOf(imageId, number)),
    expect: publish,
  },
  openForWrite: {
    args: [slot, id, version, sync],
    can: ({ writers }, at) => !writers.has(at),
    act: async ({ driver, writers }, at, imageId, number, isSync) => {
      const writer = isSync ? driver.openForWriteSync(imageId) : await driver.openForWrite(imageId);
      await writer.write(bytesOf(imageId, number));
      writers.set(at, writer);
    },
    expect: (model, at, imageId, number) => {
      if (live(model, imageId)) return 'ERR_IMAGE_BUSY';
      model.dead.delete(imageId);
      model.writers.set(at, { id: imageId, version: number, deleted: false });
    },
  },
  commit: {
    args: [slot, sync],
    can: ({ writers }, at) => writers.has(at),
    act: ({ writers }, at, isSync) => take(writers, at)[isSync ? 'commitSync' : 'commit'](),
    expect: (model, at) => {
      const { id: imageId, version: number, deleted } = take(model.writers, at);
      if (deleted) return 'ERR_CLAIM_LOST';
      publish(model, imageId, number);
    },
  },
  rollback: {
    args: [slot, fc.constantFrom('boom', 'ünïcode'), sync],
    can: ({ writers }, at) => writers.has(at),
    act: ({ writers }, at, reason, isSync) => take(writers, at)[isSync ? 'rollbackSync' : 'rollback'](reason),
    expect: ({ writers, invalid }, at, error) => {
      const { id: imageId, deleted, ...image } = take(writers, at);
      if (!deleted) invalid.set(imageId, { size: sizeOf(imageId, image), error });
    },
  },
  dieWriting: {
    args: [id],
    can: (model, imageId) => !live(model, imageId) && !model.dead.has(imageId),
    act: ({ driver }, imageId) => plantDeadWriter(driver.dir, imageId, Buffer.from('half')),
    expect: ({ dead }, imageId) => dead.add(imageId) && true,
  },
};

function remove(model, imageId) {
  const writer = live(model, imageId);
  if (writer) writer.deleted = true;
  model.images.delete(imageId);
}

const removing = {
  deleteCachedImage: {
    args: [id, sync],
    act: ({ driver }, imageId, isSync) => driver[isSync ? 'deleteCachedImageSync' : 'deleteCachedImage'](imageId),
    expect: remove,
  },
  deleteAllCachedImages: {
    act: ({ driver }) => driver.deleteAllCachedImages(),
    expect: (model) => {
      const ids = [...model.images.keys()];
      for (const imageId of ids) remove(model, imageId);
      return ids.length;
    },
  },
  evictTo: {
    args: [fc.nat(20_000), fc.boolean()],
    act: async ({ driver }, target, dryRun) => ({ ...(await driver.evictTo(target, { dryRun })) }),
    check: (model, { images, bytesEvicted }, target, dryRun) => {
      const before = total(model);
      for (const { imageId, size, hits } of images) {
        assert.deepEqual(
          { size, hits },
          { size: sizeOf(imageId, model.images.get(imageId)), hits: model.images.get(imageId)?.hits },
        );
      }
      const left = before - bytesEvicted;
      assert(left <= target || images.length === model.images.size, `${left} bytes left of ${before}`);
      assert(images.length === 0 || left + images.at(-1).size > target, 'one more than was needed');
      if (!dryRun) for (const { imageId } of images) model.images.delete(imageId);
    },
  },
  reapStalled: {
    act: ({ driver }) => driver.reapStalled(),
    expect: ({ dead }) => {
      const { size } = dead;
      dead.clear();
      return size;
    },
  },
  reapInvalid: {
    act: ({ driver }) => driver.reapInvalid(),
    expect: ({ invalid }) => {
      const { size } = invalid;
      invalid.clear();
      return size;
    },
  },
};

const queueing = {
  queueImage: {
    ...question('queueImage', (model, imageId) => {
      if (model.images.has(imageId) || live(model, imageId) || model.queue.includes(imageId)) return false;
      model.queue.push(imageId);
      return true;
    }),
  },
  deleteQueuedImage: question('deleteQueuedImage', dequeue),
  deleteAllQueuedImages: {
    act: ({ driver }) => driver.deleteAllQueuedImages(),
    expect: ({ queue }) => queue.splice(0).length,
  },
};

export const driverOperations = { ...questions, ...reading, ...writing, ...removing, ...queueing };

function take(slots, at) {
  const one = slots.get(at);
  slots.delete(at);
  return one;
}
