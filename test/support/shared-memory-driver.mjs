import { createHash } from 'node:crypto';

import { sharedProtocol } from '../../dist/api/shared-driver.js';
import { failure } from './memory-checks.mjs';
import { MemoryDriver } from './memory-driver.mjs';
import { LiveMemoryImage, SharedMemoryWriter } from './shared-memory-writer.mjs';

let drivers = 0;

/** A `SharedDriver` that has nothing to do with files: caches over one of it share their fetches. */
export class SharedMemoryDriver extends MemoryDriver {
  protocol = sharedProtocol;
  dir = `memory ${drivers++}`;
  #committed = 0;

  createWriter(id, options) {
    return new SharedMemoryWriter(this, id, options);
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

  async addCommitted(bytes) {
    this.#committed += bytes;
    return this.#committed;
  }
}
