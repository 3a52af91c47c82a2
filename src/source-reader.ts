import { FetchFailedError, NotOpenError } from './errors.ts';
import { type Fetch, fetchedChunks, fetchImage } from './fetch.ts';
import type { FetchReader } from './fetched-image.ts';

/** Reads an image from its source, past the cache: from where it is first read on, and only forward. */
export class SourceReader implements FetchReader {
  readonly #imageId: string;
  readonly #fetch: Fetch;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #chunks: AsyncGenerator<Uint8Array, void, void> | undefined;
  #size: number | undefined;
  #expectedSize: number | undefined;
  /** What has come and was not taken yet, and where in the image it begins. */
  #chunk: Uint8Array = new Uint8Array(0);
  #position = 0;

  constructor(imageId: string, fetch: Fetch, signal: AbortSignal | undefined) {
    this.#imageId = imageId;
    this.#fetch = fetch;
    this.#signal = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
  }

  /** Known at the end. */
  get size(): number | undefined {
    return this.#size;
  }

  get expectedSize(): number | undefined {
    return this.#expectedSize;
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    this.#signal.throwIfAborted();
    this.#chunks ??= await this.#open(position);
    if (position < this.#position) {
      const message = `image ${JSON.stringify(this.#imageId)} is not cached: it can only be read forward`;
      throw new FetchFailedError(message, { imageId: this.#imageId });
    }
    while (this.#position + this.#chunk.byteLength <= position) {
      this.#position += this.#chunk.byteLength;
      const { done, value } = await this.#chunks.next();
      this.#chunk = done ? new Uint8Array(0) : value;
      if (done) {
        this.#size = this.#position;
        return 0;
      }
    }
    const part = this.#chunk.subarray(position - this.#position).subarray(0, length);
    buffer.set(part, offset);
    return part.byteLength;
  }

  /** There is nothing to count a hit on. */
  async close(): Promise<{ readonly counted: boolean }> {
    await this.abort();
    return { counted: false };
  }

  async abort(): Promise<void> {
    this.#stop.abort(new NotOpenError(`image ${JSON.stringify(this.#imageId)} is closed`, { imageId: this.#imageId }));
    await this.#chunks?.return();
  }

  async #open(position: number): Promise<AsyncGenerator<Uint8Array, void, void>> {
    const { offset, body, expectedSize } = await fetchImage(this.#fetch, this.#imageId, position, this.#signal);
    this.#position = offset;
    this.#expectedSize = expectedSize;
    return fetchedChunks(body, this.#imageId, this.#signal);
  }
}
