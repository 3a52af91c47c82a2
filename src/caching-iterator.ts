import type { ChecksumVerifier } from './checksum.ts';
import type { ImageSource, ImageWriter, WriteOptions } from './driver.ts';
import { SizeMismatchError } from './errors.ts';
import { chunksOf } from './source-chunks.ts';

export interface Tee {
  readonly imageId: string;
  /** Nothing if the image is not to be cached. */
  readonly writer: ImageWriter | undefined;
  readonly verifier: ChecksumVerifier | undefined;
  readonly options: WriteOptions;
  /** Told of each error of the cache, which the consumer does not see. */
  readonly onCacheError: (operation: string, error: unknown) => void;
  readonly onCommit: (size: number) => void;
}

/**
 * Yields the chunks of a source and writes them into the cache on the way.
 *
 * Each is written before it is yielded, since a consumer may reuse its memory. Whatever happens to the cache, the
 * consumer gets every chunk; what is wrong with the source – its own error, a wrong length, a wrong checksum – reaches
 * him. If he leaves before the end, the write is rolled back.
 */
export async function* tee(
  source: ImageSource,
  { imageId, verifier, options, ...rest }: Tee,
): AsyncGenerator<Uint8Array, void, void> {
  const copy = new TeeWriter(rest);
  let size = 0;
  let reason: unknown = 'incomplete fetch';
  try {
    for await (const chunk of chunksOf(source, options.signal)) {
      size += chunk.byteLength;
      verifier?.update(chunk);
      await copy.write(chunk);
      yield chunk;
    }
    const { expectedSize } = options;
    if (expectedSize !== undefined && size !== expectedSize) throw new SizeMismatchError(imageId, expectedSize, size);
    verifier?.verify(imageId);
    await copy.commit(size);
  } catch (error) {
    reason = error;
    throw error;
  } finally {
    await copy.rollback(reason);
  }
}

/** A writer that reports its errors instead of throwing them, and then is no more. */
class TeeWriter {
  #writer: ImageWriter | undefined;
  readonly #onCacheError: Tee['onCacheError'];
  readonly #onCommit: Tee['onCommit'];

  constructor({ writer, onCacheError, onCommit }: Pick<Tee, 'writer' | 'onCacheError' | 'onCommit'>) {
    this.#writer = writer;
    this.#onCacheError = onCacheError;
    this.#onCommit = onCommit;
  }

  async write(chunk: Uint8Array): Promise<void> {
    const writer = this.#writer;
    if (!writer) return;
    await writer.write(chunk).catch(async (error: unknown) => {
      this.#onCacheError('write', error);
      await this.rollback(error);
    });
  }

  async commit(size: number): Promise<void> {
    const writer = this.#writer;
    if (!writer) return;
    this.#writer = undefined;
    await writer.commit().then(
      () => this.#onCommit(size),
      (error: unknown) => this.#onCacheError('commit', error),
    );
  }

  async rollback(reason: unknown): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.rollback(reason).catch((error: unknown) => this.#onCacheError('rollback', error));
  }
}
