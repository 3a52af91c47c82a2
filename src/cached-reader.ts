import type { ImageReader } from './driver.ts';
import type { FetchReader } from './fetched-image.ts';
import { heed } from './heed.ts';

/** The reader of a cached image that heeds a signal, as those of images on their way do. */
export class CachedReader implements FetchReader {
  readonly size: number;
  readonly #reader: ImageReader;
  readonly #signal: AbortSignal | undefined;
  #stopHeeding: () => void = () => {};

  constructor(reader: ImageReader, signal: AbortSignal | undefined) {
    this.size = reader.size;
    this.#reader = reader;
    this.#signal = signal;
    this.#stopHeeding = heed(signal, this, (self) => void self.abort());
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    this.#signal?.throwIfAborted();
    return this.#reader.read(buffer, offset, length, position);
  }

  async close(): Promise<{ readonly counted: boolean }> {
    this.#stopHeeding();
    return this.#reader.close();
  }

  async abort(): Promise<void> {
    this.#stopHeeding();
    await this.#reader.abort();
  }
}
