import { failure } from './memory-checks.mjs';
import { MemoryWriter, textOf } from './memory-writer.mjs';

const growing = { progress: 'growing', size: 0, reason: '' };

/** The `SharedWriter` of the `SharedMemoryDriver`. */
export class SharedMemoryWriter extends MemoryWriter {
  #driver;
  #digest;
  state = growing;
  /** Open images that read what this writes, but its own. */
  followers = new Set();
  /** Called when `state` is another. */
  listeners = new Set();
  /** Once it is committed. */
  image;

  constructor(driver, imageId, options) {
    super(driver, imageId, options);
    this.#driver = driver;
  }

  open({ own }) {
    const image = new LiveMemoryImage(this.#driver, this);
    if (!own) this.followers.add(image);
    return image;
  }

  writeSync(chunk) {
    if (this.state.progress === 'dead') throw failure('ERR_IO', 'the writer has died', { imageId: this.imageId });
    super.writeSync(chunk);
    this.#show({ progress: 'growing' });
  }

  commitSync() {
    const wasOpen = this.isOpen;
    try {
      super.commitSync();
    } catch (error) {
      if (wasOpen && error.code === 'ERR_CLAIM_LOST') this.#show({ progress: 'complete' });
      throw error;
    }
    if (!wasOpen) return;
    this.image = this.#driver.images.get(this.imageId);
    this.image.digest = this.#digest;
    this.#show({ progress: 'complete' });
  }

  rollbackSync(reason) {
    if (!this.isOpen) return;
    super.rollbackSync(reason);
    this.#show({ progress: 'failed', reason: textOf(reason) });
  }

  async [Symbol.asyncDispose]() {
    await this.#leave({ progress: 'failed', reason: 'incomplete fetch' });
  }

  async discard() {
    await this.#leave({ progress: 'dead' });
  }

  die() {
    void this.#leave({ progress: 'dead' });
  }

  async recordDigest(text) {
    this.#digest = text;
  }

  async noteLength(expectedSize) {
    this.#show({ expectedSize });
  }

  async #leave(state) {
    if (!this.isOpen) return;
    await super[Symbol.asyncDispose]();
    this.#show(state);
  }

  #show(state) {
    this.state = { ...this.state, ...state, size: this.bytesWritten };
    for (const listener of this.listeners) listener();
  }
}

/** The `LiveImage` of what a `SharedMemoryWriter` writes, or of a `MemoryImage`. */
export class LiveMemoryImage {
  #driver;
  #source;
  failure = undefined;

  constructor(driver, source) {
    this.#driver = driver;
    this.#source = source;
  }

  get state() {
    return this.#source.state ?? { progress: 'complete', size: this.#source.bytes.length, reason: '' };
  }

  get hasOtherReaders() {
    return this.#source.followers.size > 0;
  }

  async read(buffer, offset, length, position) {
    return this.#source.bytes.subarray(position, position + length).copy(buffer, offset);
  }

  changed(signal, silenceMs) {
    const { listeners } = this.#source;
    return new Promise((resolve, reject) => {
      const end = (settle, value) => {
        listeners.delete(change);
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        settle(value);
      };
      const change = () => end(resolve, true);
      const abort = () => end(reject, signal.reason);
      const timer = silenceMs === undefined ? undefined : setTimeout(() => end(resolve, false), silenceMs);
      listeners.add(change);
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort);
    });
  }

  async countHit() {
    const image = this.#source.state ? this.#source.image : this.#source;
    const counted = image !== undefined && this.#driver.images.get(image.imageId) === image;
    if (counted) {
      image.hits += 1;
      image.lastAccessedMs = this.#driver.nowMs();
    }
    return { counted };
  }

  release() {
    this.#source.followers?.delete(this);
  }

  noteWritten() {}

  async poll() {}
}
