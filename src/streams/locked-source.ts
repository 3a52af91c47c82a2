import type { ImageSource } from '../api/driver.ts';
import { isNodeStream, isUsedWebStream, type NodeStream, usedSource } from './unread-source.ts';
import { isWebStream } from './web-stream.ts';

/**
 * A source that will be read later.
 *
 * A stream is locked until then. Node's `fetch()` cancels the body of a `Response` that is garbage-collected, unless it is
 * locked: a caller that kept only the body would then read an image without a byte, and no error. The error of a Node
 * stream has a listener until then, because one without a listener ends the process.
 */
export class LockedSource {
  /** The source itself, if it is not a stream. */
  readonly chunks: ImageSource;
  #release = (): void => {};

  constructor(source: ImageSource) {
    // One that another reader has locked fails when it is read.
    this.chunks = isWebStream(source) && !source.locked ? this.#lock(source) : source;
    if (isNodeStream(source)) this.#ignoreErrors(source);
  }

  /** Gives it back as it was, unless it has been read. */
  release(): void {
    this.#release();
  }

  /** An error that comes before it is read is thrown when it is read; until then this listens. */
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
