import { type FSWatcher, watch } from 'node:fs';

import type { DriverContext } from './driver-context.ts';
import { toCacheError } from './errors.ts';
import { GatheredHits } from './gathered-hits.ts';
import type { HitOutcome } from './hit.ts';
import { type Handle, type NativeSighting, native } from './native.ts';
import { untilAborted } from './on-abort.ts';
import { readBytes } from './read-bytes.ts';
import { releaseImage } from './release-image.ts';
import { clearInterval, clearTimeout, now, setInterval, setTimeout } from './timers.ts';

/**
 * How often a writer of another process is looked at while somebody waits: nothing tells that a process has died, and
 * not every file system tells of changes. Milliseconds.
 */
const lookIntervalMs = 100;

/** The bytes of an image as a flight has them: on their way, or all there. */
export interface FlightImage {
  /** How far it is, as far as that was seen. */
  readonly seen: NativeSighting;
  /** What keeps it from being seen. */
  readonly failure: unknown;
  /** Like `fs.read`; 0 where nothing more is there yet. */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /**
   * Resolves to true when `seen` is another, and to false when it has been the same for `patienceMs`.
   *
   * @throws the signal's reason
   */
  news(signal: AbortSignal, patienceMs: number | undefined): Promise<boolean>;
  countHit(): Promise<HitOutcome>;
  release(): void;
}

/** What is common to both: an open image in the engine. */
abstract class OpenBytes {
  protected readonly context: DriverContext;
  readonly #imageId: string;
  readonly #handle: Handle;
  readonly #hits: GatheredHits;

  constructor(context: DriverContext, imageId: string, handle: Handle) {
    this.context = context;
    this.#imageId = imageId;
    this.#handle = handle;
    this.#hits = new GatheredHits(context, handle);
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    try {
      return await readBytes(this.context, this.#handle, buffer, offset, length, position);
    } catch (error) {
      throw this.explain(error);
    }
  }

  countHit(): Promise<HitOutcome> {
    return this.#hits.count();
  }

  release(): void {
    void releaseImage(this.#handle, this.sizeToRelease);
  }

  abstract get seen(): NativeSighting;

  /** The most that it can have grown to. */
  protected get sizeToRelease(): number {
    return this.seen.size;
  }

  protected explain(error: unknown): unknown {
    return toCacheError(error, { imageId: this.#imageId });
  }
}

/** An image that was found complete. */
export class CompleteImage extends OpenBytes implements FlightImage {
  readonly seen: NativeSighting;
  readonly failure = undefined;

  /** Undefined if it is not cached. */
  static async open(context: DriverContext, imageId: string): Promise<CompleteImage | undefined> {
    const image = await native.openImageAsync(context.directory, imageId);
    return image && new CompleteImage(context, imageId, image.handle, image.size);
  }

  private constructor(context: DriverContext, imageId: string, handle: Handle, size: number) {
    super(context, imageId, handle);
    this.seen = { progress: 'complete', size, reason: '' };
  }

  async news(): Promise<boolean> {
    return true;
  }
}

/**
 * What a writer is writing, in this process or another, through a descriptor of our own. What happens to it is told by
 * the file alone: see `native/core/follower.h`.
 */
export class GrowingImage extends OpenBytes implements FlightImage {
  readonly #follower: Handle;
  readonly #fd: number;
  /** Whether the writer is this process, which then tells by `look()` what it has done. */
  readonly #own: boolean;
  #seen: NativeSighting = { progress: 'growing', size: 0, reason: '' };
  /** When `seen` became what it is, by `now()`. */
  #seenSinceMs = now();
  failure: unknown;
  #released = false;
  /** Those who wait for news. */
  readonly #waiting = new Set<(isNews: boolean) => void>();
  #timer: NodeJS.Timeout | undefined;
  #watcher: FSWatcher | undefined;

  /** Undefined if nobody is writing it, any more or yet. @throws EBUSY, as a system error, for a foreign writer */
  static async follow(
    context: DriverContext,
    imageId: string,
    { own }: { readonly own: boolean },
  ): Promise<GrowingImage | undefined> {
    // On a network file system these locks and flock(2) are the same, and a hit wants the latter.
    const announce = !own && !context.remote;
    const found = await native.followAsync(context.directory, imageId, ...context.stall, announce);
    if (!found) return undefined;
    const image = new GrowingImage(context, imageId, found, own);
    await image.look();
    return image;
  }

  private constructor(
    context: DriverContext,
    imageId: string,
    { follower, handle, fd }: { readonly follower: Handle; readonly handle: Handle; readonly fd: number },
    own: boolean,
  ) {
    super(context, imageId, handle);
    this.#follower = follower;
    this.#fd = fd;
    this.#own = own;
  }

  get seen(): NativeSighting {
    return this.#seen;
  }

  /** Its writer may be far ahead of what was seen. */
  protected override get sizeToRelease(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** Whether somebody else follows it, in this process or another, as far as that can be known. */
  get hasCompany(): boolean {
    return !this.context.remote && native.hasCompanySync(this.#follower);
  }

  /** Looks at the file, and wakes those who wait if anything has changed. Never fails: what is wrong is in `failure`. */
  async look(): Promise<void> {
    if (this.#released || this.#seen.progress !== 'growing') return;
    try {
      const { inlineReads } = this.context;
      const seen = inlineReads ? native.lookSync(this.#follower) : await native.lookAsync(this.#follower);
      // What was looked at in the pool may have been overtaken.
      if (this.#seen.progress !== 'growing' || (seen.progress === 'growing' && seen.size <= this.#seen.size)) return;
      this.#see(seen);
    } catch (error) {
      if (this.#released) return;
      this.failure = this.explain(error);
    }
    this.#wake();
  }

  /** The writer, which is this process, has written up to here. */
  noteWritten(size: number): void {
    this.#see({ ...this.#seen, size });
    this.#wake();
  }

  async news(signal: AbortSignal, patienceMs: number | undefined): Promise<boolean> {
    let tell = (_isNews: boolean): void => {};
    const told = new Promise<boolean>((resolve) => {
      tell = resolve;
    });
    this.#waiting.add(tell);
    this.#watch();
    // Those who wait look before they give up: this process may have been stopped, and not the writer.
    const giveUp = () => void this.look().then(() => tell(false));
    const leftMs = patienceMs === undefined ? undefined : this.#seenSinceMs + patienceMs - now();
    const timer = leftMs === undefined ? undefined : setTimeout(giveUp, Math.max(leftMs, 0));
    try {
      return await untilAborted(told, signal);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(tell);
      if (this.#waiting.size === 0) this.#rest();
    }
  }

  override release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#rest();
    this.#watcher?.close();
    native.releaseSync(this.#follower);
    super.release();
    this.#wake();
  }

  #see(seen: NativeSighting): void {
    this.#seen = seen;
    this.#seenSinceMs = now();
  }

  #wake(): void {
    for (const tell of this.#waiting) tell(true);
  }

  #watch(): void {
    if (this.#own || this.#timer || this.#released) return;
    const look = () => void this.look();
    this.#timer = setInterval(look, lookIntervalMs);
    this.#watcher ??= watchInode(this.#fd, () => {
      if (this.#waiting.size > 0) look();
    });
    look(); // For what has happened before it was watched, or while nobody waited.
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** By its descriptor: the name changes when it is published. Undefined where files cannot be watched. */
function watchInode(fd: number, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(`/proc/self/fd/${fd}`, { persistent: false }, onChange);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined; // No inotify left, or no /proc: the timer does it.
  }
}
