import type { ImageSource } from '../api/driver.ts';
import { isNodeStream, isUsedWebStream, type NodeStream, usedSource } from './unread-source.ts';
import { isWebStream } from './web-stream.ts';

/**
 * A source that is going to be read, though not at once.
 *
 * A stream is locked for that time. Node's `fetch()` cancels the body of a `Response` that is garbage-collected, unless
 * it is locked: whoever kept only the body would then read an image without a byte, and no error. The error of a Node
 * stream is not left without a listener, which would end the process.
 */
export class HeldSource {
  /** The source itself, if it is not a stream. */
  readonly chunks: ImageSource;
  #release = (): void => {};

  constructor(source: ImageSource) {
    // One that is locked by somebody else fails when it is read.
    this.chunks = isWebStream(source) && !source.locked ? this.#hold(source) : source;
    if (isNodeStream(source)) this.#hear(source);
  }

  /** Gives it back as it was, unless it has been read. */
  release(): void {
    this.#release();
  }

  /** An error that comes before it is read is thrown when it is; until then somebody has to listen. */
  #hear(stream: NodeStream): void {
    const ignore = () => {};
    stream.on('error', ignore);
    this.#release = () => stream.off('error', ignore);
  }

  #hold(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
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
