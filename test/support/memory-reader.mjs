import { Readable } from 'node:stream';

import { checkBytes, checkNumber, checkRange, failure } from './memory-checks.mjs';

/** An image of the `MemoryDriver`. */
export class MemoryImage {
  constructor(imageId, bytes, nowMs) {
    Object.assign(this, { imageId, bytes, hits: 0, lastAccessedMs: nowMs, lastModifiedMs: nowMs });
  }

  describe() {
    const { imageId, bytes, hits, lastAccessedMs, lastModifiedMs } = this;
    return { imageId, size: bytes.length, allocatedSize: bytes.length, hits, lastAccessedMs, lastModifiedMs };
  }
}

/** The `ImageReader` of the `MemoryDriver`. */
export class MemoryReader {
  #driver;
  #image;
  #answer;
  fd = -1;

  constructor(driver, image) {
    this.#driver = driver;
    this.#image = image;
    this.imageId = image.imageId;
    this.size = image.bytes.length;
    this.lastModifiedMs = image.lastModifiedMs;
  }

  async read(buffer, offset, length, position) {
    return this.readSync(buffer, offset, length, position);
  }

  readSync(buffer, offset, length, position) {
    if (this.#answer) throw failure('ERR_NOT_OPEN', 'the reader is closed', { imageId: this.imageId });
    checkBytes(buffer);
    checkNumber(offset, 'offset', buffer.length);
    checkNumber(length, 'length', buffer.length - offset);
    checkNumber(position, 'position');
    return this.#image.bytes.subarray(position, position + length).copy(buffer, offset);
  }

  createReadStream(range = {}) {
    checkRange(range);
    const reader = this;
    const { start = 0, end = this.size - 1, signal } = range;
    const bytes = this.#image.bytes.subarray(start, end + 1);
    let position = 0;
    return new Readable({
      signal,
      read() {
        const chunk = bytes.subarray(position, position + 65_536);
        position += chunk.length;
        this.push(chunk.length > 0 ? Buffer.from(chunk) : null);
      },
      destroy(error, done) {
        if (error || !this.readableEnded) reader.abortSync();
        else reader.closeSync();
        done(error);
      },
    });
  }

  async close() {
    return this.closeSync();
  }

  closeSync() {
    if (this.#answer) return this.#answer;
    const counted = this.#driver.images.get(this.imageId) === this.#image;
    if (counted) {
      this.#image.hits += 1;
      this.#image.lastAccessedMs = this.#driver.nowMs();
    }
    this.#answer = { counted };
    return this.#answer;
  }

  async abort() {
    this.abortSync();
  }

  abortSync() {
    this.#answer ??= { counted: false };
  }

  async [Symbol.asyncDispose]() {
    this.abortSync();
  }
}
