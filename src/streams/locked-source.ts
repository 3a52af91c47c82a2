import type { ImageSource } from '../api/driver.ts';
import { isNodeStream, isUsedWebStream, type NodeStream, usedSource } from './unread-source.ts';
import { isWebStream } from './web-stream.ts';

/**
 * Keeps a source intact that will be read later.
 *
 * A web stream is locked, because Node's `fetch()` cancels the unlocked body of a `Response` that is garbage-collected.
 * A caller that kept only the body would then read an empty image, without an error. A Node stream gets a listener for
 * its error, because an error without a listener ends the process.
 */
export class LockedSource {
  /** The source itself, if it is not a stream. */
  readonly chunks: ImageSource;
  #release = (): void => {};

  constructor(source: ImageSource) {
    // A stream that another reader has locked fails when it is read.
    this.chunks = isWebStream(source) && !source.locked ? this.#lock(source) : source;
    if (isNodeStream(source)) this.#ignoreErrors(source);
  }

  /** Restores the source, unless it has been read. */
  release(): void {
    this.#release();
  }

  /** An error before the first read is thrown by that read. */
  #ignoreErrors(stream: NodeStream): void {
    const ignore = () => {};
    stream.on('error', ignore);
    this.#release = () => stream.off('error', ignore);
  }

  #lock(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
    let usedBefore = isUsedWebStream(stream);
    const reader = stream.getReader();
    const keep = () => {
      this.#release = () => {};
    };
    this.#release = () => reader.releaseLock();

    const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
      keep();
      const { done, value } = await reader.read();
      if (!done) {
        usedBefore = false;
        return { done, value };
      }
      if (usedBefore) throw usedSource(stream);
      return { done, value: undefined };
    };
    const stop = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
      keep();
      await reader.cancel();
      return { done: true, value: undefined };
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: stop }) };
  }
}
