import type { ImageSource, ImageWriter } from '../api/driver.ts';
import { SizeMismatchError, tooLarge } from '../api/errors.ts';
import { droppedReason } from '../api/reason.ts';
import type { ChecksumVerifier } from '../streams/checksum.ts';
import { LockedSource } from '../streams/locked-source.ts';
import { endWrite, recordDigest } from '../streams/put-chunks.ts';
import { chunksOf } from '../streams/source-chunks.ts';

type Signals = readonly (AbortSignal | undefined)[];

/** The parts of a caching iterator (a tee). */
export interface Tee {
  readonly imageId: string;
  /** The writer; undefined if the image only passes through. */
  readonly writer: ImageWriter | undefined;
  readonly verifier: ChecksumVerifier | undefined;
  readonly expectedSize: number | undefined;
  /** Bytes; a larger image is passed on, and not cached. */
  readonly maxSize: number;
  /** Called with each error of the cache, which the consumer does not get. */
  readonly onCacheError: (operation: 'write' | 'commit' | 'rollback', error: unknown) => void;
  readonly onCommit: (size: number) => Promise<void>;
}

/**
 * Yields the chunks of a source, and caches them on the way.
 *
 * Each chunk is written before it is passed on, since a consumer may reuse its memory. Even if the cache fails, the
 * consumer gets every chunk, and every fault of the source: its own error, a wrong length, a wrong checksum. If the
 * consumer leaves before the end, the write is given up, even while a chunk of the source is awaited.
 */
export class CachingIterator implements AsyncIterableIterator<Uint8Array> {
  readonly #source: LockedSource;
  readonly #chunks: AsyncGenerator<Uint8Array, void, void>;
  /** Aborted when the consumer leaves. */
  readonly #end = new AbortController();

  /** `open` is called when the first chunk is requested. */
  constructor(source: ImageSource, signal: AbortSignal | undefined, open: () => Promise<Tee>) {
    this.#source = new LockedSource(source);
    this.#chunks = this.#run(signal, open);
  }

  next(): Promise<IteratorResult<Uint8Array, void>> {
    return this.#chunks.next();
  }

  async return(): Promise<IteratorResult<Uint8Array, void>> {
    this.#end.abort(droppedReason);
    const result = await this.#chunks.return();
    this.#source.release(); // If no chunk was requested, the generator has not run.
    return result;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async *#run(signal: AbortSignal | undefined, open: () => Promise<Tee>): AsyncGenerator<Uint8Array, void, void> {
    const tee = await this.#opened(open);
    try {
      yield* copy(this.#source.chunks, tee, [signal, this.#end.signal]);
    } catch (error) {
      signal?.throwIfAborted();
      if (!this.#end.signal.aborted) throw error;
    }
  }

  async #opened(open: () => Promise<Tee>): Promise<Tee> {
    try {
      return await open();
    } catch (error) {
      this.#source.release();
      throw error;
    }
  }
}

async function* copy(source: ImageSource, tee: Tee, signals: Signals): AsyncGenerator<Uint8Array, void, void> {
  const { imageId, verifier, expectedSize } = tee;
  const writer = new TeeWriter(tee, signals);
  let size = 0;
  try {
    for await (const chunk of chunksOf(source, ...signals)) {
      size += chunk.byteLength;
      verifier?.update(chunk);
      await writer.write(chunk, size);
      yield chunk;
      // Checked for each chunk, because the source may have no end.
      if (expectedSize !== undefined && size > expectedSize) break;
    }
    if (expectedSize !== undefined && size !== expectedSize) throw new SizeMismatchError(imageId, expectedSize, size);
    await writer.commit(size, verifier?.verify(imageId));
  } catch (error) {
    await writer.rollback(error);
    throw error;
  } finally {
    await writer.leave();
  }
}

/** A writer that reports its first error instead of throwing it, and then does nothing any more. */
class TeeWriter {
  #writer: ImageWriter | undefined;
  readonly #tee: Tee;
  readonly #signals: Signals;

  constructor(tee: Tee, signals: Signals) {
    this.#writer = tee.writer;
    this.#tee = tee;
    this.#signals = signals;
  }

  /** @throws the signal's reason */
  async write(chunk: Uint8Array, size: number): Promise<void> {
    if (!this.#writer) return;
    try {
      if (size > this.#tee.maxSize) throw tooLarge(this.#tee.imageId);
      await this.#writer.write(chunk);
    } catch (error) {
      await this.#fail('write', error);
    }
  }

  /** @throws the signal's reason */
  async commit(size: number, digest: string | undefined): Promise<void> {
    if (!this.#writer) return;
    try {
      await recordDigest(this.#writer, digest);
      await this.#writer.commit();
    } catch (error) {
      return await this.#fail('commit', error);
    }
    this.#writer = undefined;
    await this.#tee.onCommit(size);
  }

  async rollback(reason: unknown): Promise<void> {
    await this.#end((writer) => endWrite(writer, reason, ...this.#signals));
  }

  /** Gives up the write for a consumer that leaves. Nothing is wrong with the image. */
  async leave(): Promise<void> {
    await this.#end((writer) => writer[Symbol.asyncDispose]());
  }

  async #end(end: (writer: ImageWriter) => Promise<void>): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    try {
      if (writer) await end(writer);
    } catch (error) {
      this.#tee.onCacheError('rollback', error);
    }
  }

  async #fail(operation: 'write' | 'commit', error: unknown): Promise<void> {
    for (const signal of this.#signals) signal?.throwIfAborted();
    this.#tee.onCacheError(operation, error);
    await this.rollback(error);
  }
}
