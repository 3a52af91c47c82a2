import { SizeMismatchError, tooLarge } from '../api/errors.ts';
import type { LiveImage, OwnLiveImage } from '../api/live-image.ts';
import { droppedReason } from '../api/reason.ts';
import type { SharedWriter } from '../api/shared-driver.ts';
import { hasCode } from '../base/error-facts.ts';
import { sleep } from '../base/timers.ts';
import type { Checksum } from '../streams/checksum.ts';
import { ChecksumVerifier } from '../streams/checksum.ts';
import { endWrite, recordDigest } from '../streams/put-chunks.ts';
import { stopSource } from '../streams/source-chunks.ts';
import { type Fetch, fetchedChunks, fetchImage } from './fetch.ts';
import type { FetchCycles } from './fetch-cycles.ts';

/** Interval at which a leader without readers in its own process looks for readers in others. Milliseconds. */
const aloneIntervalMs = 50;

/** Bytes that are copied or compared in one step. */
export const copySize: number = 1024 * 1024;

export interface FetchSource {
  readonly fetch: Fetch;
  readonly checksum: Checksum | undefined;
  readonly expectedSize: number | undefined;
  /** Bytes; a larger image cannot stay in the cache. */
  readonly maxSize: number;
  readonly cycles: FetchCycles;
  /** The signal of the call that `fetch` comes from. The call may pass it on to its source. */
  readonly signal: AbortSignal | undefined;
}

/**
 * The reason why a fetch ended without a complete image: the cache or the source failed, or the caller was aborted. The
 * latter says nothing about the image.
 */
export interface LeaderFailure {
  readonly of: 'cache' | 'source' | 'caller';
  readonly error: unknown;
}

/**
 * Fetches a claimed image into its file, and commits it. If the fetch fails, rolls the image back with the error.
 */
export class LeaderFetch {
  readonly #imageId: string;
  readonly #source: FetchSource;
  readonly #writer: SharedWriter;
  readonly #image: OwnLiveImage;
  readonly #stop = new AbortController();
  /** Bytes of the whole image, if they are known before its end. */
  expectedSize: number | undefined;
  /** The image of a dead writer, while it is needed for its bytes. */
  copying: LiveImage | undefined;
  #cacheFailed = false;
  /** The reason why there is no complete image. It is known before the file shows it. */
  failure: LeaderFailure | undefined;
  /** True after the last change of the file. */
  over = false;

  constructor(
    imageId: string,
    source: FetchSource,
    writer: SharedWriter,
    image: OwnLiveImage,
    dead: LiveImage | undefined,
  ) {
    this.#imageId = imageId;
    this.#source = source;
    this.#writer = writer;
    this.#image = image;
    this.expectedSize = source.expectedSize;
    this.copying = dead;
  }

  /** Stops the fetch, so that another cache can take it over. */
  stop(): void {
    this.#stop.abort(droppedReason);
  }

  /**
   * Fetches the image. If the source can continue after the bytes of a dead writer, these are copied first. Never
   * fails: an error is in `failure`, and on the file.
   *
   * @param copied - called when the image of the dead writer is not needed any more
   * @returns the bytes that were committed, 0 if none were
   */
  async run(copied: () => void): Promise<number> {
    const running = this.#source.cycles.begin(this.#imageId);
    try {
      await running.run(() => this.#fetch(copied));
      await this.#blamingCache(() => this.#writer.commit());
      return this.#writer.bytesWritten;
    } catch (error) {
      const of = this.#cacheFailed ? 'cache' : this.#source.signal?.aborted ? 'caller' : 'source';
      this.failure = { of, error };
      // An image that was deleted while it was written is complete.
      if (!hasCode(error, 'ERR_CLAIM_LOST')) {
        const reason = of === 'caller' ? droppedReason : error;
        await endWrite(this.#writer, reason, this.#stop.signal).catch(() => {}); // The first error is the one to report.
      }
      return 0;
    } finally {
      running.end();
      this.over = true;
      await this.#image.poll();
    }
  }

  /** Stops the fetch as soon as it has no reader: neither another cache, nor, by `wanted`, a reader of this one. */
  async stopWhenAlone(wanted: () => boolean): Promise<void> {
    while (!wanted() && !this.over && !this.#stop.signal.aborted) {
      if (!this.#image.hasOtherReaders) this.stop();
      else await sleep(aloneIntervalMs);
    }
  }

  async #fetch(copied: () => void): Promise<void> {
    const { signal } = this.#stop;
    const dead = this.copying;
    const { fetch, checksum } = this.#source;
    const verifier = checksum === undefined ? undefined : await ChecksumVerifier.of(checksum);
    // A length that the dead leader knew holds for the rest, too.
    this.expectedSize ??= dead?.state.expectedSize;
    const source = await fetchImage(fetch, this.#imageId, dead?.state.size ?? 0, signal, this.expectedSize);
    this.expectedSize ??= source.expectedSize;
    if (this.expectedSize !== undefined) void this.#writer.noteLength(this.expectedSize);
    try {
      this.#assertFits(this.expectedSize ?? 0);
      if (dead) await this.#copy(dead, source.offset, verifier);
    } catch (error) {
      stopSource(source.body);
      throw error;
    } finally {
      this.copying = undefined;
      copied();
    }
    for await (const chunk of fetchedChunks(source, this.#imageId, signal)) {
      this.#assertFits(this.#writer.bytesWritten + chunk.byteLength);
      await this.#write(chunk, verifier);
    }
    const { expectedSize: expected } = this;
    const size = this.#writer.bytesWritten;
    if (expected !== undefined && size !== expected) throw new SizeMismatchError(this.#imageId, expected, size);
    if (!verifier) return;
    const digest = verifier.verify(this.#imageId);
    await this.#blamingCache(() => recordDigest(this.#writer, digest));
  }

  async #copy(from: LiveImage, size: number, verifier: ChecksumVerifier | undefined): Promise<void> {
    const buffer = Buffer.allocUnsafe(Math.min(copySize, size));
    while (this.#writer.bytesWritten < size) {
      this.#stop.signal.throwIfAborted();
      const position = this.#writer.bytesWritten;
      const got = await from.read(buffer, 0, Math.min(buffer.length, size - position), position);
      if (got === 0) throw new SizeMismatchError(this.#imageId, size, position);
      await this.#write(buffer.subarray(0, got), verifier);
    }
  }

  async #write(chunk: Uint8Array, verifier: ChecksumVerifier | undefined): Promise<void> {
    const position = this.#writer.bytesWritten;
    await this.#blamingCache(async () => {
      await this.#writer.write(chunk);
      if (verifier) await this.#digest(verifier, position, this.#writer.bytesWritten - position);
    });
    this.#image.noteWritten(this.#writer.bytesWritten);
  }

  /** Digests the bytes in the file, because the readers get these. */
  async #digest(verifier: ChecksumVerifier, start: number, length: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(length);
    for (let done = 0; done < length; ) {
      const got = await this.#image.read(buffer, done, length - done, start + done);
      if (got === 0) throw new SizeMismatchError(this.#imageId, start + length, start + done);
      done += got;
    }
    verifier.update(buffer);
  }

  async #blamingCache(operation: () => Promise<void>): Promise<void> {
    try {
      await operation();
    } catch (error) {
      this.#cacheFailed = true;
      throw error;
    }
  }

  /** Checked for each chunk, because the source may have no end. */
  #assertFits(size: number): void {
    const { expectedSize } = this;
    if (expectedSize !== undefined && size > expectedSize) {
      throw new SizeMismatchError(this.#imageId, expectedSize, size);
    }
    if (size <= this.#source.maxSize) return;
    this.#cacheFailed = true;
    throw tooLarge(this.#imageId);
  }
}
