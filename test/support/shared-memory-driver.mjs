import { createHash } from 'node:crypto';

import { NoSpaceError, tooLarge } from '../../dist/api/errors.js';
import { sharedProtocol } from '../../dist/api/shared-driver.js';
import { failure } from './memory-checks.mjs';
import { MemoryDriver } from './memory-driver.mjs';
import { LiveMemoryImage, SharedMemoryWriter } from './shared-memory-writer.mjs';

let drivers = 0;

/** A `SharedDriver` that has nothing to do with files: caches over one of it share their fetches. */
export class SharedMemoryDriver extends MemoryDriver {
  protocol = sharedProtocol;
  dir = `memory ${drivers++}`;
  ownLimits = undefined;
  #demands = new Set();

  createWriter(id, options) {
    return new SharedMemoryWriter(this, id, options);
  }

  async openForWrite(id, options = {}) {
    const writer = await super.openForWrite(id, options);
    try {
      if (options.expectedSize !== undefined) writer.reserveSync(options.expectedSize);
    } catch (error) {
      writer.rollbackSync(error);
      throw error;
    }
    return writer;
  }

  async writeImage(id, source, options) {
    if (source instanceof Uint8Array) this.makeRoom(id, source.length, source.length);
    return super.writeImage(id, source, options);
  }

  /** Keeps `maxSize` alone: memory has no file system whose free space a limit could be about. */
  async limitTo({ maxSize = 10 * 1024 ** 3, ...others }, { evicts }) {
    const [other] = Object.keys(others);
    if (other !== undefined) throw failure('ERR_INVALID_ARG_VALUE', `${other} needs a file system`);
    const demand = { maxSize, evicts };
    this.#demands.add(demand);
    const limits = { maxSize, maxImages: Number.POSITIVE_INFINITY, minFree: 0, minFreeInodes: 0 };
    return { limits, release: async () => void this.#demands.delete(demand) };
  }

  async evictToLimits(options) {
    return this.evictTo(Math.min(Number.MAX_SAFE_INTEGER, this.#maxSize), options);
  }

  get #maxSize() {
    return Math.min(...[...this.#demands].map(({ maxSize }) => maxSize));
  }

  /** Evicts until everything that is reserved fits, and `bytes` of an image without a writer. */
  makeRoom(imageId, size, bytes = 0) {
    const maxSize = this.#maxSize;
    if (maxSize === Number.POSITIVE_INFINITY) return;
    if (size > maxSize) throw tooLarge(imageId);
    const reserved = [...this.writers.values()].reduce((sum, writer) => sum + writer.reserved, 0);
    const target = maxSize - reserved - bytes;
    if ([...this.#demands].some(({ evicts }) => evicts)) this.evict(Math.max(0, target));
    if (this.held > target) throw new NoSpaceError('there is no room', { imageId });
  }

  async acquire(id, { expectedSize }) {
    const cached = () => ({ state: 'cached', image: new LiveMemoryImage(this, this.images.get(id)) });
    if (this.stalled.has(id)) return { state: 'unavailable', orphaned: false };
    try {
      const writer = await this.openForWrite(id, { ...(expectedSize !== undefined && { expectedSize }) });
      if (!this.images.has(id)) return { state: 'claimed', writer, image: writer.open({ own: true }) };
      await writer.discard();
      return cached();
    } catch (error) {
      if (error.code !== 'ERR_IMAGE_BUSY') throw error;
      return { state: 'followed', image: this.writers.get(id).open({ own: false }) };
    }
  }

  async verifyImage(id, { signal, onProgress = () => {} }) {
    const image = this.images.get(id);
    if (!image) throw failure('ERR_IMAGE_NOT_FOUND', 'not cached', { imageId: id });
    await onProgress(image.bytes.length);
    signal?.throwIfAborted();
    const [size, recorded] = image.digest?.split(' ') ?? [];
    const algorithm = recorded?.split('-')[0] ?? 'sha256';
    const actual = `${algorithm}-${createHash(algorithm).update(image.bytes).digest('base64')}`;
    if (!recorded) return { result: 'unknown', actual };
    if (Number(size) === image.bytes.length && actual === recorded) return { result: 'ok', actual };
    this.images.delete(id);
    const error = `ERR_CHECKSUM_MISMATCH: ${actual}`;
    this.invalid.set(id, { imageId: id, size: image.bytes.length, error, lastModifiedMs: this.nowMs() });
    return { result: 'corrupt', actual };
  }
}
