// What an ImageCache can do, and what it should do, on a model in memory: `images` by id { version, hits }, `queue`, the
// oldest first, and `invalid`, the ids of what failed.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';

import { versionBytes, versionIn } from '../../support/versions.mjs';

export const emptyCacheModel = () => ({ images: new Map(), queue: [], invalid: new Set() });

const id = fc.constantFrom('a', 'b', 'c');
const version = fc.nat(1_000_000).map(String);
const how = fc.constantFrom('right', 'right', 'wrong length', 'wrong checksum', 'the source fails');

const sizeOf = (imageId, { version: number }) => versionBytes(imageId, number).length;
const total = ({ images }) => [...images].reduce((sum, [imageId, image]) => sum + sizeOf(imageId, image), 0);

function publish(model, imageId, number) {
  model.images.set(imageId, { version: number, hits: 0 });
  model.queue = model.queue.filter((queued) => queued !== imageId);
}

const failures = {
  'wrong length': 'ERR_SIZE_MISMATCH',
  'wrong checksum': 'ERR_CHECKSUM_MISMATCH',
  'the source fails': 'BROKEN',
};

async function* sourceOf(imageId, number, way) {
  const bytes = versionBytes(imageId, number);
  yield bytes.subarray(0, 500);
  if (way === 'the source fails') throw Object.assign(new Error('broken'), { code: 'BROKEN' });
  yield bytes.subarray(500);
}

function optionsFor(imageId, number, way) {
  const bytes = versionBytes(imageId, number);
  if (way === 'wrong length') return { expectedSize: bytes.length + 1 };
  const digest = createHash('sha256')
    .update(way === 'right' ? bytes : 'other')
    .digest('base64');
  return way === 'the source fails' ? {} : { checksum: `sha256-${digest}`, expectedSize: bytes.length };
}

/** Returns the outcome of a write of an image that is not cached. */
function write(model, imageId, number, way) {
  if (way === 'right') publish(model, imageId, number);
  else model.invalid.add(imageId);
  return failures[way];
}

const filling = {
  cacheImage: {
    args: [id, version, how],
    act: ({ cache }, imageId, number, way) =>
      cache.cacheImage(imageId, sourceOf(imageId, number, way), optionsFor(imageId, number, way)),
    expect: (model, imageId, number, way) => !model.images.has(imageId) && (write(model, imageId, number, way) ?? true),
  },
  cachingIterator: {
    args: [id, version, how],
    act: async ({ cache }, imageId, number, way) => {
      const chunks = [];
      const tee = cache.cachingIterator(imageId, sourceOf(imageId, number, way), optionsFor(imageId, number, way));
      for await (const chunk of tee) chunks.push(chunk);
      return versionIn(imageId, Buffer.concat(chunks));
    },
    expect: (model, imageId, number, way) => {
      const failure = model.images.has(imageId) ? failures[way] : write(model, imageId, number, way);
      return failure ?? number;
    },
  },
  leaveTee: {
    args: [id, version],
    act: async ({ cache }, imageId, number) => {
      for await (const _ of cache.cachingIterator(imageId, sourceOf(imageId, number))) break;
    },
    expect: () => undefined,
  },
  queueImage: {
    args: [id],
    act: ({ cache }, imageId) => cache.queueImage(imageId),
    expect: ({ images, queue }, imageId) => {
      if (images.has(imageId) || queue.includes(imageId)) return false;
      queue.push(imageId);
      return true;
    },
  },
  prefetch: {
    args: [version, fc.subarray(['a', 'b', 'c'])],
    act: async ({ cache }, number, broken) => {
      const fetch = (imageId) => sourceOf(imageId, number, broken.includes(imageId) ? 'the source fails' : 'right');
      const { cached, failed } = await cache.prefetch(fetch);
      return { cached: [...cached].sort(), failed: [...failed.keys()].sort() };
    },
    expect: (model, number, broken) => {
      const isBroken = (imageId) => broken.includes(imageId);
      const failed = model.queue.filter(isBroken).sort();
      const cached = model.queue.filter((imageId) => !isBroken(imageId)).sort();
      for (const imageId of cached) publish(model, imageId, number);
      for (const imageId of failed) model.invalid.add(imageId);
      return { cached, failed };
    },
  },
};

const keeping = {
  read: {
    args: [id],
    act: async ({ cache }, imageId) => {
      const bytes = await cache.driver.readImage(imageId);
      return bytes && versionIn(imageId, bytes);
    },
    expect: ({ images }, imageId) => {
      const image = images.get(imageId);
      if (image) image.hits += 1;
      return image?.version;
    },
  },
  prune: {
    args: [fc.nat(20_000), fc.boolean()],
    act: ({ cache }, maxSize, dryRun) => cache.prune({ maxSize, dryRun }),
    check: (model, { images, bytesPruned, filesPruned }, maxSize, dryRun) => {
      const left = total(model) - bytesPruned;
      assert.equal(filesPruned, images.length);
      for (const { imageId, hits } of images) assert.equal(hits, model.images.get(imageId)?.hits);
      assert(left <= maxSize, `${left} bytes left`);
      assert(images.length === 0 || left + images.at(-1).size > maxSize, 'one more than was needed');
      if (!dryRun) for (const { imageId } of images) model.images.delete(imageId);
    },
  },
  clean: {
    act: ({ cache }) => cache.clean(),
    expect: ({ invalid }) => {
      const { size } = invalid;
      invalid.clear();
      return { invalidReaped: size, stalledReaped: 0 };
    },
  },
  stats: {
    act: async ({ cache }) => {
      const { images, size, hits, incomplete, invalid, queued } = await cache.stats();
      return { images, size, hits, incomplete, invalid, queued, queue: await cache.driver.getQueuedImages() };
    },
    expect: (model) => ({
      images: model.images.size,
      size: total(model),
      hits: [...model.images.values()].reduce((sum, { hits }) => sum + hits, 0),
      incomplete: 0,
      invalid: model.invalid.size,
      queued: model.queue.length,
      queue: model.queue,
    }),
  },
};

export const cacheOperations = { ...filling, ...keeping };
