import { FetchFailedError, NotOpenError, SizeMismatchError } from '../api/errors.ts';
import { imageName } from '../api/image-name.ts';
import { onAbort, untilAborted } from '../base/on-abort.ts';
import { ChecksumVerifier } from '../streams/checksum.ts';
import { fetchedChunks, fetchImage } from './fetch.ts';
import type { RunningFetch } from './fetch-cycles.ts';
import type { FetchReader } from './fetched-image.ts';
import type { FetchSource } from './leader-fetch.ts';

/**
 * Reads an image from its source, past the cache. Reading begins at the position of the first read, and goes only
 * forward.
 */
export class SourceReader implements FetchReader {
  readonly #imageId: string;
  readonly #source: FetchSource;
  readonly #signal: AbortSignal | undefined;
  readonly #onEnd: () => void;
  readonly #stop = new AbortController();
  #stopListening: () => void = () => {};
  #chunks: AsyncGenerator<Uint8Array, void, void> | undefined;
  #running: RunningFetch | undefined;
  #verifier: ChecksumVerifier | undefined;
  #size: number | undefined;
  #expectedSize: number | undefined;
  /** The last chunk, its length when it came, and its position in the image. */
  #chunk: Uint8Array = new Uint8Array(0);
  #chunkSize = 0;
  #position = 0;

  /** `onEnd` is called when the source is not read any more. */
  constructor(imageId: string, source: FetchSource, signal: AbortSignal | undefined, onEnd: () => void = () => {}) {
    this.#imageId = imageId;
    this.#source = source;
    this.#signal = signal;
    this.#onEnd = onEnd;
    this.#expectedSize = source.expectedSize;
    this.#stopListening = onAbort(signal, this, (self, reason) => self.#end(reason));
  }

  /** Known once the source has ended. */
  get size(): number | undefined {
    return this.#size;
  }

  get expectedSize(): number | undefined {
    return this.#expectedSize;
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    this.#stop.signal.throwIfAborted();
    this.#running ??= this.#source.cycles.begin(this.#imageId);
    return this.#running.run(() => this.#readFrom(buffer, offset, length, position));
  }

  async #readFrom(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    this.#chunks ??= await untilAborted(this.#open(position), this.#signal);
    if (position < this.#position) {
      const message = `${imageName(this.#imageId)} is not cached: it can only be read forward`;
      throw new FetchFailedError(message, { imageId: this.#imageId });
    }
    while (this.#position + this.#chunkSize <= position) {
      if (this.#size !== undefined || !(await this.#next(this.#chunks))) return 0;
    }
    if (this.#chunk.byteLength !== this.#chunkSize) throw this.#changed();
    const part = this.#chunk.subarray(position - this.#position).subarray(0, length);
    buffer.set(part, offset);
    return part.byteLength;
  }

  /** Never counts a hit, because there is no cached image. */
  async close(): Promise<{ readonly counted: boolean }> {
    await this.abort();
    return { counted: false };
  }

  async abort(): Promise<void> {
    this.#stopListening();
    this.#end(new NotOpenError(`${imageName(this.#imageId)} is closed`, { imageId: this.#imageId }));
    await this.#chunks?.return();
  }

  /** The error for a chunk whose memory was transferred or resized before all of it was read. */
  #changed(): FetchFailedError {
    const imageId = this.#imageId;
    return new FetchFailedError(`the source of ${imageName(imageId)} changed a chunk while it was read`, {
      imageId,
    });
  }

  #end(reason: unknown): void {
    this.#stop.abort(reason);
    this.#running?.end();
    this.#onEnd();
    void this.#chunks?.return().catch(() => {}); // Releases the source now, not at the next read.
  }

  async #open(position: number): Promise<AsyncGenerator<Uint8Array, void, void>> {
    const { fetch, checksum } = this.#source;
    const { signal } = this.#stop;
    this.#verifier = checksum === undefined ? undefined : await ChecksumVerifier.of(checksum);
    // A checksum covers the whole image.
    const offset = this.#verifier ? 0 : position;
    const source = await fetchImage(fetch, this.#imageId, offset, signal, this.#expectedSize);
    this.#position = source.offset;
    this.#expectedSize ??= source.expectedSize;
    return fetchedChunks(source, this.#imageId, signal);
  }

  /** Fetches the next chunk. Resolves to false at the end. */
  async #next(chunks: AsyncGenerator<Uint8Array, void, void>): Promise<boolean> {
    this.#position += this.#chunkSize;
    this.#chunk = new Uint8Array(0);
    this.#chunkSize = 0;
    const { done, value } = await untilAborted(chunks.next(), this.#signal);
    const size = this.#position + (value?.byteLength ?? 0);
    const expected = this.#expectedSize;
    if (expected !== undefined && (done ? size !== expected : size > expected)) {
      throw new SizeMismatchError(this.#imageId, expected, size);
    }
    if (!done) {
      this.#verifier?.update(value);
      this.#chunk = value;
      this.#chunkSize = value.byteLength;
      return true;
    }
    this.#verifier?.verify(this.#imageId);
    this.#size = size;
    return false;
  }
}
