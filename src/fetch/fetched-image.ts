import type { Readable } from 'node:stream';

import type { RangeOptions } from '../api/driver.ts';
import { ImageReadStream, type StreamedReader } from '../streams/image-read-stream.ts';

/** Where the bytes of a {@link FetchedImage} come from. */
export type FetchedFrom = 'cache' | 'fetch' | 'follow' | 'uncached';

/** What an image is read through: a cached one's reader does, and others that learn its size later. */
export interface FetchReader extends StreamedReader {
  /** Bytes that are expected, while `size` is not known. */
  readonly expectedSize?: number | undefined;
}

/** An image that was asked for, from the cache or on its way. Read to its end it has counted one hit. */
export class FetchedImage implements AsyncIterable<Uint8Array> {
  /** The image that was asked for. */
  readonly imageId: string;
  /**
   * `cache`: it was there. `fetch`: this call fetches it. `follow`: somebody does, and we read along. `uncached`: from the
   * source, past the cache, since a writer has it who cannot be followed.
   */
  readonly source: FetchedFrom;
  readonly #reader: FetchReader;

  /** @internal */
  constructor(imageId: string, source: FetchedFrom, reader: FetchReader) {
    this.imageId = imageId;
    this.source = source;
    this.#reader = reader;
  }

  /** Bytes; undefined while it is not known. */
  get size(): number | undefined {
    return this.#reader.size ?? this.#reader.expectedSize;
  }

  /** Closes the image when it ends (a hit, whatever its range) or is destroyed before (no hit). */
  createReadStream(options: RangeOptions = {}): Readable {
    return new ImageReadStream(() => Promise.resolve(this.#reader), options);
  }

  /** Counts one hit; `counted` is false if the image is not complete yet, or as with {@link ImageReader.close}. */
  async close(): Promise<{ readonly counted: boolean }> {
    return this.#reader.close();
  }

  /** Counts none. */
  async abort(): Promise<void> {
    await this.#reader.abort();
  }

  /** All of it, once; leaving the loop early is {@link abort}. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    yield* this.createReadStream();
  }

  /** `abort()`, unless closed before. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }
}
