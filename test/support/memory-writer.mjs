import { checkBytes, failure } from './memory-checks.mjs';
import { MemoryImage } from './memory-reader.mjs';

/** The `ImageWriter` of the `MemoryDriver`. */
export class MemoryWriter {
  #driver;
  #expectedSize;
  #signal;
  #buffer = Buffer.alloc(0);
  #state = 'writing';
  #isLost = false;
  bytesWritten = 0;

  constructor(driver, imageId, { expectedSize, signal }, claims = true) {
    this.#driver = driver;
    this.imageId = imageId;
    this.#expectedSize = expectedSize;
    this.#signal = signal;
    if (claims) driver.writers.set(imageId, this);
  }

  get isOpen() {
    return this.#state === 'writing';
  }

  /** Bytes written so far. */
  get bytes() {
    return this.#buffer.subarray(0, this.bytesWritten);
  }

  lose() {
    this.#isLost = true;
  }

  async write(chunk) {
    this.writeSync(chunk);
  }

  writeSync(chunk) {
    checkBytes(chunk);
    this.#signal?.throwIfAborted();
    if (!this.isOpen) throw failure('ERR_NOT_OPEN', 'the writer is done', { imageId: this.imageId });
    const size = this.bytesWritten + chunk.length;
    if (size > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(size, 2 * this.#buffer.length));
      this.bytes.copy(larger);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.bytesWritten);
    this.bytesWritten = size;
  }

  putSync(bytes) {
    this.writeSync(bytes);
    this.commitSync();
  }

  async commit() {
    this.commitSync();
  }

  commitSync() {
    if (this.#state === 'committed') return;
    this.#signal?.throwIfAborted();
    const { imageId, bytesWritten: actual } = this;
    if (this.#isLost || this.#state === 'rolled back') {
      this.#done('rolled back');
      throw failure('ERR_CLAIM_LOST', 'lost', { imageId });
    }
    const expected = this.#expectedSize ?? actual;
    if (expected !== actual) {
      this.rollbackSync('not as long as said');
      throw failure('ERR_SIZE_MISMATCH', 'not as long as said', { imageId, expected, actual });
    }
    this.#done('committed');
    this.#driver.images.set(imageId, new MemoryImage(imageId, this.bytes, this.#driver.nowMs()));
    this.#driver.queue.delete(imageId);
  }

  async rollback(reason) {
    this.rollbackSync(reason);
  }

  rollbackSync(reason) {
    if (!this.isOpen) return;
    this.#done('rolled back');
    const { imageId, bytesWritten: size } = this;
    const error = textOf(reason);
    this.#driver.invalid.set(imageId, { imageId, size, error, lastModifiedMs: this.#driver.nowMs() });
  }

  async [Symbol.asyncDispose]() {
    if (this.isOpen) this.#done('rolled back');
  }

  #done(state) {
    this.#state = state;
    if (this.#driver.writers.get(this.imageId) === this) this.#driver.writers.delete(this.imageId);
  }
}

export function textOf(reason) {
  try {
    const text = String(reason?.message ?? reason);
    return typeof reason?.code === 'string' ? `${reason.code}: ${text}` : text;
  } catch {
    return '';
  }
}
