import { cutShort, FetchFailedError, NotOpenError } from '../api/errors.ts';
import { imageName } from '../api/image-name.ts';
import type { LiveImage } from '../api/live-image.ts';
import { eventLoopTurn } from '../base/event-loop-turn.ts';
import { onAbort, untilAborted } from '../base/on-abort.ts';
import type { FetchReader } from './fetched-image.ts';
import type { Cursor, SharedFetch } from './shared-fetch.ts';
import type { SourceReader } from './source-reader.ts';

export interface SharedReaderOptions {
  readonly finishFetch: boolean;
  readonly signal: AbortSignal | undefined;
  /** Time without a byte from the writer after which the reader bypasses the cache. */
  readonly stalledAfterMs: number | undefined;
  /** Called when the reader reads nothing any more. */
  readonly onLeft: () => void;
  /** Opens the source of this reader, for a bypass. */
  readonly openSource: () => SourceReader;
}

/** Makes readers leave that were collected without being closed. */
const dropped = new FinalizationRegistry<() => void>((leave) => leave());

/** A reader of a shared fetch. Only the writer can delay it, never another reader. */
export class SharedReader implements FetchReader {
  readonly #fetch: SharedFetch;
  readonly #options: SharedReaderOptions;
  readonly #stop = new AbortController();
  #stopListening: () => void = () => {};
  readonly #cursor: Cursor;
  readonly #leaveFetch: () => void;
  #past: SourceReader | undefined;
  #closed: Promise<{ readonly counted: boolean }> | undefined;

  constructor(fetch: SharedFetch, options: SharedReaderOptions) {
    this.#fetch = fetch;
    this.#options = options;
    const { signal, onLeft } = options;
    const cursor = fetch.enter(options.finishFetch);
    this.#cursor = cursor;
    this.#leaveFetch = () => fetch.leave(cursor);
    dropped.register(
      this,
      () => {
        fetch.leave(cursor);
        onLeft();
      },
      this,
    );
    this.#stopListening = onAbort(signal, this, (self, reason) => {
      self.#stop.abort(reason);
      void self.abort().catch(() => {});
    });
  }

  /** Known only once the image is complete, since the expected size may be wrong. */
  get size(): number | undefined {
    const state = this.#fetch.image?.state;
    return !this.#past && state?.progress === 'complete' ? state.size : undefined;
  }

  get expectedSize(): number | undefined {
    return this.#past?.expectedSize ?? this.#fetch.expectedSize;
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    try {
      const got = await this.#readThrough(buffer, offset, length, position);
      if (got !== undefined) return got;
    } catch (error) {
      this.#assertOpen(); // After a close, its error explains the failure of the read.
      throw error;
    }
    this.#assertOpen();
    return this.#goPast().read(buffer, offset, length, position);
  }

  /** Reads through the cache. Resolves to undefined if the cache must be bypassed. */
  async #readThrough(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<number | undefined> {
    while (!this.#past) {
      if (eventLoopTurn.isOver) await eventLoopTurn.next();
      this.#assertOpen();
      const image = await this.#trusted();
      if (!image) break;
      const { size } = image.state;
      if (position < size) {
        const got = await image.read(buffer, offset, Math.min(length, size - position), position);
        this.#cursor.end = Math.max(this.#cursor.end, position + got);
        if (got > 0) return got;
        if (image.state.progress === 'complete') throw cutShort(this.#fetch.imageId, position, size);
      }
      if (await this.#isOver(image, size)) return 0;
    }
    return undefined;
  }

  async close(): Promise<{ readonly counted: boolean }> {
    this.#closed ??= this.#countAndLeave();
    return this.#closed;
  }

  async abort(): Promise<void> {
    if (this.#closed) return;
    this.#closed = Promise.resolve({ counted: false });
    await this.#leave();
  }

  get #signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Returns the current image, once it is known to begin with all bytes that this reader got from an earlier one. */
  async #trusted(): Promise<LiveImage | undefined> {
    for (;;) {
      this.#assertOpen();
      if (this.#past) return undefined;
      const { image } = this.#fetch;
      const { image: before, end } = this.#cursor;
      if (!image) return undefined;
      if (before && image !== before && end > 0) {
        const { size } = image.state;
        if (size < end) {
          // A complete image that is shorter than the bytes read before is another one.
          if (await this.#isOver(image, size)) throw this.#changed();
          continue;
        }
        if (!(await untilAborted(this.#fetch.beginsLike(before, image, end), this.#signal))) throw this.#changed();
      }
      this.#fetch.advance(this.#cursor, image);
      return image;
    }
  }

  /** Waits for more than `size` bytes of an image. Resolves to true if the image has no more. */
  async #isOver(image: LiveImage, size: number): Promise<boolean> {
    const { state } = image;
    switch (this.#fetch.outcomeOf(image)) {
      case 'complete':
        return state.size <= size;
      case 'growing':
        if (state.size <= size) await this.#waitForMore(image);
        return false;
      case 'abandoned':
        await untilAborted(this.#fetch.takeOver(image), this.#signal);
        return false;
      case 'uncached':
        this.#goPast();
        return false;
    }
  }

  async #waitForMore(image: LiveImage): Promise<void> {
    const { stalledAfterMs } = this.#options;
    if (await image.changed(this.#signal, stalledAfterMs)) return;
    this.#fetch.reportStalled(stalledAfterMs ?? 0);
    this.#goPast();
  }

  /** Continues from its own source, and leaves the shared fetch. */
  #goPast(): SourceReader {
    this.#past ??= this.#options.openSource();
    this.#leaveFetch();
    return this.#past;
  }

  async #countAndLeave(): Promise<{ readonly counted: boolean }> {
    const image = this.#cursor.image ?? this.#fetch.image;
    try {
      if (this.#past || !image || image.state.progress !== 'complete') return { counted: false };
      return await image.countHit();
    } finally {
      await this.#leave();
    }
  }

  async #leave(): Promise<void> {
    this.#stopListening();
    this.#stop.abort(new NotOpenError(`${imageName(this.#fetch.imageId)} is closed`, this.#fetch));
    dropped.unregister(this);
    this.#leaveFetch();
    this.#options.onLeft();
    await this.#past?.abort();
  }

  #changed(): FetchFailedError {
    const { imageId } = this.#fetch;
    return new FetchFailedError(`${imageName(imageId)} was fetched anew, and its source has other bytes than before`, {
      imageId,
    });
  }

  #assertOpen(): void {
    this.#signal.throwIfAborted();
    this.#fetch.assertOpen();
  }
}
