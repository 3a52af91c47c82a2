import type { ImageReader } from './driver.ts';
import type { FetchReader } from './fetched-image.ts';

/** The reader of a cached image that heeds a signal, as those of images on their way do. */
export class CachedReader implements FetchReader {
  readonly size: number;
  readonly #reader: ImageReader;
  readonly #signal: AbortSignal | undefined;

  constructor(reader: ImageReader, signal: AbortSignal | undefined) {
    this.size = reader.size;
    this.#reader = reader;
    this.#signal = signal;
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    this.#signal?.throwIfAborted();
    return this.#reader.read(buffer, offset, length, position);
  }

  async close(): Promise<{ readonly counted: boolean }> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    return this.#reader.close();
  }

  async abort(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    await this.#reader.abort();
  }

  readonly #onAbort = (): void => void this.abort();
}
