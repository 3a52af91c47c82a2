import { Readable } from 'node:stream';
import { checkBytes, checkId, checkNumber, checkOptions, failure } from './memory-checks.mjs';
import { MemoryReader } from './memory-reader.mjs';
import { MemoryWriter } from './memory-writer.mjs';

const byteOrder = (a, b) => Buffer.compare(Buffer.from(a.imageId), Buffer.from(b.imageId));
const byAccess = (a, b) => a.lastAccessedMs - b.lastAccessedMs;

/** A `CacheDriver` that has nothing to do with files: what shows that the conformance suite is about the interface alone. */
export class MemoryDriver {
  images = new Map();
  writers = new Map();
  stalled = new Map();
  invalid = new Map();
  queue = new Set();
  #isOpen = false;
  #lastMs = 0;

  constructor({ stallTimeSeconds = 86_400 } = {}) {
    this.stallTimeSeconds = stallTimeSeconds;
  }

  async configure() {
    this.#isOpen = true;
  }

  async close() {
    this.#isOpen = false;
  }

  /** A clock that never gives the same time twice. */
  nowMs() {
    this.#lastMs = Math.max(Date.now(), this.#lastMs + 0.001);
    return this.#lastMs;
  }

  #open() {
    if (!this.#isOpen) throw failure('ERR_NOT_OPEN', 'the driver is not open');
  }

  #openFor(id) {
    this.#open();
    checkId(id);
  }

  async getCacheSize() {
    this.#open();
    return this.#size();
  }

  #size() {
    return [...this.images.values()].reduce((sum, image) => sum + image.bytes.length, 0);
  }

  async getHitCount(id) {
    this.#openFor(id);
    return this.images.get(id)?.hits ?? 0;
  }

  async getImageSize(id) {
    this.#openFor(id);
    return this.images.get(id)?.bytes.length ?? 0;
  }

  async getCachedImages() {
    this.#open();
    return [...this.images.values()].map((image) => image.describe()).sort(byteOrder);
  }

  async *cachedImages() {
    this.#open();
    const images = [...this.images.values()].map((image) => image.describe());
    for (let i = 0; i < images.length; i += 7) yield images.slice(i, i + 7);
  }

  async getLeastRecentlyAccessed() {
    this.#open();
    const [first] = [...this.images.values()].sort(byAccess);
    return first && { imageId: first.imageId, size: first.bytes.length };
  }

  async isCached(id) {
    this.#openFor(id);
    return this.images.has(id);
  }

  async isBeingCached(id) {
    this.#openFor(id);
    return this.writers.has(id) || this.stalled.has(id);
  }

  async isCacheable(id) {
    return !(await this.isCached(id)) && !(await this.isBeingCached(id));
  }

  async isQueued(id) {
    this.#openFor(id);
    return this.queue.has(id);
  }

  async deleteCachedImage(id) {
    this.#openFor(id);
    this.images.delete(id);
    this.writers.get(id)?.lose();
  }

  async deleteAllCachedImages() {
    this.#open();
    const count = this.images.size;
    this.images.clear();
    return count;
  }

  async evictTo(targetSize, options = {}) {
    this.#open();
    checkNumber(targetSize, 'targetSize');
    checkOptions(options);
    const images = [];
    let size = this.#size();
    for (const image of [...this.images.values()].sort(byAccess)) {
      if (size <= targetSize) break;
      size -= image.bytes.length;
      const { imageId, hits, lastAccessedMs } = image;
      images.push({ imageId, size: image.bytes.length, hits, lastAccessedMs });
      if (!options.dryRun) this.images.delete(imageId);
    }
    return { filesEvicted: images.length, bytesEvicted: images.reduce((sum, image) => sum + image.size, 0), images };
  }

  async queueImage(id) {
    this.#openFor(id);
    if (this.images.has(id) || this.writers.has(id) || this.stalled.has(id) || this.queue.has(id)) return false;
    this.queue.add(id);
    return true;
  }

  async getQueuedImages() {
    this.#open();
    return [...this.queue];
  }

  async deleteQueuedImage(id) {
    this.#openFor(id);
    this.queue.delete(id);
  }

  async deleteAllQueuedImages() {
    this.#open();
    const count = this.queue.size;
    this.queue.clear();
    return count;
  }

  async openForRead(id) {
    this.#openFor(id);
    const image = this.images.get(id);
    if (!image) throw failure('ERR_IMAGE_NOT_FOUND', 'not cached', { imageId: id });
    return new MemoryReader(this, image);
  }

  async readImage(id) {
    if (!(await this.isCached(id))) return undefined;
    const reader = await this.openForRead(id);
    const bytes = Buffer.alloc(reader.size);
    reader.readSync(bytes, 0, reader.size, 0);
    await reader.close();
    return bytes;
  }

  async openForWrite(id, options = {}) {
    this.#openFor(id);
    checkOptions(options);
    if (this.writers.has(id) || this.stalled.has(id)) throw failure('ERR_IMAGE_BUSY', 'busy', { imageId: id });
    return this.createWriter(id, options);
  }

  createWriter(id, options) {
    return new MemoryWriter(this, id, options);
  }

  async writeImage(id, source, options = {}) {
    this.#openFor(id);
    checkOptions(options);
    if (source instanceof Uint8Array) return new MemoryWriter(this, id, options, false).putSync(source);
    const isSource = source?.[Symbol.asyncIterator] ?? (typeof source === 'object' && source?.[Symbol.iterator]);
    if (!isSource) checkBytes(source);
    const writer = await this.openForWrite(id, options);
    try {
      await writeAll(writer, source, options.signal);
      await writer.commit();
    } catch (error) {
      if (options.signal?.aborted) await writer[Symbol.asyncDispose]();
      else await writer.rollback(error);
      throw error;
    }
  }

  async getInvalidImages() {
    this.#open();
    return [...this.invalid.values()].sort((a, b) => b.lastModifiedMs - a.lastModifiedMs);
  }

  async getUsage() {
    this.#open();
    const incomplete = this.writers.size + this.stalled.size;
    return { incomplete, invalid: this.invalid.size, queued: this.queue.size, freeBytes: 1, freeInodes: 1 };
  }

  async reapInvalid(graceSeconds = 0) {
    this.#open();
    checkNumber(graceSeconds, 'graceSeconds');
    return this.#reap(this.invalid, graceSeconds, (image) => image.lastModifiedMs);
  }

  async reapStalled(graceSeconds = 0) {
    this.#open();
    checkNumber(graceSeconds, 'graceSeconds');
    return this.#reap(this.stalled, graceSeconds, (modifiedMs) => modifiedMs);
  }

  #reap(entries, graceSeconds, modifiedMs) {
    let count = 0;
    for (const [id, entry] of entries) {
      if (graceSeconds > 0 && Date.now() - modifiedMs(entry) <= graceSeconds * 1000) continue;
      entries.delete(id);
      count += 1;
    }
    return count;
  }

  async clean(stallTimeSeconds = this.stallTimeSeconds) {
    this.#open();
    checkNumber(stallTimeSeconds, 'stallTimeSeconds');
    return { invalidReaped: await this.reapInvalid(), stalledReaped: await this.reapStalled(stallTimeSeconds) };
  }
}

/** Writes what `source` gives until it ends; leaves it where it stands if `signal` is aborted. */
async function writeAll(writer, source, signal) {
  const aborted = new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => {});
  const iterator = (source[Symbol.asyncIterator] ?? source[Symbol.iterator]).call(source);
  for (;;) {
    let step;
    try {
      step = await Promise.race([iterator.next(), aborted]);
      if (step.done) return;
      await writer.write(step.value);
    } catch (error) {
      if (source instanceof Readable) source.destroy();
      if (step) iterator.return?.();
      throw error;
    }
  }
}
