import { Readable } from 'node:stream';

import type { ImageReader, RangeOptions } from '../api/driver.ts';
import { cutShort } from '../api/errors.ts';
import { destroyOnAbort, untilAborted } from '../base/on-abort.ts';
import { pickOptions } from '../base/pick-options.ts';
import { assertCount, assertSignal, outOfRange } from '../base/validate.ts';

const chunkSize = 64 * 1024;

/** A reader that a stream can read through. If its size is unknown, the image ends where a read returns 0. */
export type StreamedReader = Pick<ImageReader, 'read' | 'close' | 'abort'> & { readonly size: number | undefined };

/**
 * Reads a range of an image. The end of the range closes the reader, which counts the hit before `end` is emitted. An
 * earlier destroy aborts the reader.
 */
export class ImageReadStream extends Readable {
  readonly #openReader: () => Promise<StreamedReader>;
  readonly #signal: AbortSignal | undefined;
  #reader: StreamedReader | undefined;
  #position: number;
  readonly #end: number; // exclusive

  /** `openReader` is called when the stream is constructed, so that a missing image is an `error` event. */
  constructor(openReader: () => Promise<StreamedReader>, options: RangeOptions) {
    const { start = 0, end = Number.POSITIVE_INFINITY, signal } = pickOptions(options, ['start', 'end', 'signal']);
    assertCount(start, 'options.start');
    if (end !== Number.POSITIVE_INFINITY) assertCount(end, 'options.end');
    if (start > end) throw outOfRange('options.start', `<= "end" (${end})`, start);
    assertSignal(signal, 'options.signal');

    super({ highWaterMark: chunkSize });
    this.#openReader = openReader;
    this.#position = start;
    this.#end = end + 1;
    this.#signal = signal;
    destroyOnAbort(signal, this);
  }

  override _construct(callback: (error?: Error | null) => void): void {
    this.#openReader().then((reader) => {
      this.#reader = reader;
      callback();
    }, callback);
  }

  override _read(): void {
    this.#pushNext().catch((error: Error) => this.destroy(error));
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // After the end, the reader is closed, and an abort does nothing.
    const aborted = this.#reader?.abort() ?? Promise.resolve();
    aborted.then(() => callback(error), callback);
  }

  async #pushNext(): Promise<void> {
    const reader = this.#reader as StreamedReader;
    const whole = reader.size;
    const end = Math.min(this.#end, whole ?? Number.POSITIVE_INFINITY);
    const length = Math.min(chunkSize, end - this.#position);
    if (length > 0) {
      const chunk = Buffer.allocUnsafe(length);
      const size = await untilAborted(reader.read(chunk, 0, length, this.#position), this.#signal);
      this.#position += size;
      if (size > 0) {
        this.push(chunk.subarray(0, size));
        return;
      }
      if (whole !== undefined) throw cutShort(undefined, this.#position, whole);
    }
    await reader.close();
    this.push(null);
  }
}
