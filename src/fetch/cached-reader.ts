import type { ImageReader } from '../api/driver.ts';
import { onAbort } from '../base/on-abort.ts';
import type { FetchReader } from './fetched-image.ts';

/** A reader of a cached image that listens to a signal, as the readers of a shared fetch do. */
export class CachedReader implements FetchReader {
  readonly size: number;
  readonly #reader: ImageReader;
  readonly #signal: AbortSignal | undefined;
  #stopListening: () => void = () => {};

  constructor(reader: ImageReader, signal: AbortSignal | undefined) {
    this.size = reader.size;
    this.#reader = reader;
    this.#signal = signal;
    this.#stopListening = onAbort(signal, this, (self) => void self.abort().catch(() => {}));
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    this.#signal?.throwIfAborted();
    return this.#reader.read(buffer, offset, length, position);
  }

  async close(): Promise<{ readonly counted: boolean }> {
    this.#stopListening();
    return this.#reader.close();
  }

  async abort(): Promise<void> {
    this.#stopListening();
    await this.#reader.abort();
  }
}
