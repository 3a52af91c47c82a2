import type { Readable } from 'node:stream';

import type { RangeOptions } from '../api/driver.ts';
import { ImageReadStream, type StreamedReader } from '../streams/image-read-stream.ts';

/**
 * The origin of the bytes of a {@link FetchedImage}; see its `source`.
 *
 * @since 0.1.0
 */
export type FetchedFrom = 'cache' | 'fetch' | 'follow' | 'uncached';

/** The reader of a fetched image. Its size may become known later. */
export interface FetchReader extends StreamedReader {
  /** Expected bytes, while `size` is unknown. */
  readonly expectedSize?: number | undefined;
}

/**
 * A requested image, cached or still on its way. Reading it to its end counts one hit.
 *
 * @since 0.1.0
 */
export class FetchedImage implements AsyncIterable<Uint8Array> {
  /** Id of the image. */
  readonly imageId: string;
  /**
   * Origin of the bytes. `cache`: the image was cached. `fetch`: this call fetches it. `follow`: another caller or
   * process writes it, and this one reads the same bytes. `uncached`: the bytes come from the source, past the cache,
   * because the cache failed or the image has a writer that cannot be followed.
   */
  readonly source: FetchedFrom;
  readonly #reader: FetchReader;

  /** @internal */
  constructor(imageId: string, source: FetchedFrom, reader: FetchReader) {
    this.imageId = imageId;
    this.source = source;
    this.#reader = reader;
  }

  /** Size in bytes; undefined while it is unknown. */
  get size(): number | undefined {
    return this.#reader.size ?? this.#reader.expectedSize;
  }

  /**
   * Returns the image as a stream. The end of its range closes the image and counts a hit; an earlier destroy does not.
   */
  createReadStream(options: RangeOptions = {}): Readable {
    return new ImageReadStream(() => Promise.resolve(this.#reader), options);
  }

  /**
   * Closes the image and counts one hit. `counted` is false if it is not complete yet, or as in
   * {@link ImageReader.close}.
   */
  async close(): Promise<{ readonly counted: boolean }> {
    return this.#reader.close();
  }

  /** Closes the image and counts no hit. */
  async abort(): Promise<void> {
    await this.#reader.abort();
  }

  /** Yields the whole image, once. Leaving the loop early is an {@link abort}. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    yield* this.createReadStream();
  }

  /** Aborts, unless it is closed already. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }
}
