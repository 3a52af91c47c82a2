import { type FSWatcher, watch } from 'node:fs';
import type { LiveState, OwnLiveImage } from '../api/live-image.ts';
import { untilAborted } from '../base/on-abort.ts';
import { clearInterval, clearTimeout, now, setInterval, setTimeout } from '../base/timers.ts';
import { type Handle, native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';
import { OpenBytes } from './open-bytes.ts';

/**
 * How often a writer of another process is looked at while a reader waits: no event tells of a process that has died, and
 * not every file system tells of changes. Milliseconds.
 */
const pollIntervalMs = 100;

/**
 * What a writer is writing, in this process or another, through a descriptor of our own. What happens to it is told by
 * the file alone: see `native/core/follower.h`.
 */
export class GrowingImage extends OpenBytes implements OwnLiveImage {
  readonly #follower: Handle;
  readonly #fd: number;
  /** Whether the writer is this process, which then says what it has written. */
  readonly #own: boolean;
  #state: LiveState = { progress: 'growing', size: 0, reason: '' };
  /** When `state` became what it is, by `now()`. */
  #stateSinceMs = now();
  failure: unknown;
  #released = false;
  /** The callers that wait for a change. */
  readonly #waiting = new Set<(isChanged: boolean) => void>();
  #timer: NodeJS.Timeout | undefined;
  #watcher: FSWatcher | undefined;

  /** Undefined if it has no writer, any more or yet. @throws EBUSY, as a system error, for a foreign writer */
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
    await image.poll();
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

  get state(): LiveState {
    return this.#state;
  }

  /** Its writer may be far ahead of what was seen. */
  protected override get sizeToRelease(): number {
    return Number.POSITIVE_INFINITY;
  }

  get hasOtherReaders(): boolean {
    return !this.context.remote && native.hasCompanySync(this.#follower);
  }

  /** Looks at the file, and wakes the callers that wait if anything has changed. */
  async poll(): Promise<void> {
    if (this.#released || this.#state.progress !== 'growing') return;
    try {
      const { inlineReads } = this.context;
      const seen = inlineReads ? native.lookSync(this.#follower) : await native.lookAsync(this.#follower);
      // What was looked at in the pool may have been overtaken.
      if (this.#state.progress !== 'growing' || (seen.progress === 'growing' && seen.size <= this.#state.size)) return;
      this.#setState(seen);
    } catch (error) {
      if (this.#released) return;
      this.failure = this.explain(error);
    }
    this.#notify();
  }

  noteWritten(size: number): void {
    this.#setState({ ...this.#state, size });
    this.#notify();
  }

  async changed(signal: AbortSignal, silenceMs: number | undefined): Promise<boolean> {
    let tell = (_isChanged: boolean): void => {};
    const told = new Promise<boolean>((resolve) => {
      tell = resolve;
    });
    this.#waiting.add(tell);
    this.#startPolling();
    // A caller that waits looks before it gives up: this process may have been stopped, and not the writer.
    const giveUp = () => void this.poll().then(() => tell(false));
    const leftMs = silenceMs === undefined ? undefined : this.#stateSinceMs + silenceMs - now();
    const timer = leftMs === undefined ? undefined : setTimeout(giveUp, Math.max(leftMs, 0));
    try {
      return await untilAborted(told, signal);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(tell);
      if (this.#waiting.size === 0) this.#stopPolling();
    }
  }

  override release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#stopPolling();
    this.#watcher?.close();
    native.releaseSync(this.#follower);
    super.release();
    this.#notify();
  }

  #setState(seen: LiveState): void {
    this.#state = seen;
    this.#stateSinceMs = now();
  }

  #notify(): void {
    for (const tell of this.#waiting) tell(true);
  }

  #startPolling(): void {
    if (this.#own || this.#timer || this.#released) return;
    const poll = () => void this.poll();
    this.#timer = setInterval(poll, pollIntervalMs);
    this.#watcher ??= watchInode(this.#fd, () => {
      if (this.#waiting.size > 0) poll();
    });
    poll(); // For what has happened before it was watched, or while no caller waited.
  }

  #stopPolling(): void {
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
