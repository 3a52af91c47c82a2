import { Writable } from 'node:stream';

import type { ImageWriter, WriteOptions } from '../api/driver.ts';
import { droppedReason } from '../api/reason.ts';
import { destroyOnAbort } from '../base/on-abort.ts';
import { endWrite } from './put-chunks.ts';

type Callback = (error?: Error | null) => void;

/** Writes an image. Commits before `finish` is emitted. An earlier destroy rolls back with its error. */
export class ImageWriteStream extends Writable {
  readonly #openWriter: () => Promise<ImageWriter>;
  readonly #signal: AbortSignal | undefined;
  #writer: ImageWriter | undefined;

  /** `openWriter` is called when the stream is constructed, so that a busy image is an `error` event. */
  constructor(openWriter: () => Promise<ImageWriter>, options: WriteOptions) {
    super({ decodeStrings: true });
    this.#openWriter = openWriter;
    this.#signal = options.signal;
    destroyOnAbort(options.signal, this);
  }

  override _construct(callback: Callback): void {
    this.#openWriter().then((writer) => {
      this.#writer = writer;
      callback();
    }, callback);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    (this.#writer as ImageWriter).write(chunk).then(() => callback(), callback);
  }

  override _final(callback: Callback): void {
    (this.#writer as ImageWriter).commit().then(() => callback(), callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    // After a commit, this does nothing.
    this.#endWrite(error).then(() => callback(error), callback);
  }

  async #endWrite(error: Error | null): Promise<void> {
    if (this.#writer) await endWrite(this.#writer, error ?? droppedReason, this.#signal);
  }
}
