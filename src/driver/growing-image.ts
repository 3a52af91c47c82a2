import { type FSWatcher, watch } from 'node:fs';
import type { LiveState, OwnLiveImage } from '../api/live-image.ts';
import { untilAborted } from '../base/on-abort.ts';
import { clearInterval, clearTimeout, now, setInterval, setTimeout } from '../base/timers.ts';
import { type Handle, native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';
import { OpenBytes } from './open-bytes.ts';

/**
 * Interval at which a writer of another process is polled while a reader waits. No event reports a process that has
 * died, and not every file system reports changes. Milliseconds.
 */
const pollIntervalMs = 100;

/**
 * The image that a writer in this process or another is writing, through a separate descriptor. Only its file shows its
 * progress; see `native/core/follower.h`.
 */
export class GrowingImage extends OpenBytes implements OwnLiveImage {
  readonly #follower: Handle;
  readonly #fd: number;
  /** True if the writer is in this process. Then it reports its bytes by {@link noteWritten}. */
  readonly #own: boolean;
  #state: LiveState = { progress: 'growing', size: 0, reason: '' };
  /** The time of the last change of `state`, by `now()`. */
  #stateSinceMs = now();
  failure: unknown;
  #released = false;
  /** The callers that wait for a change. */
  readonly #waiting = new Set<(isChanged: boolean) => void>();
  #timer: NodeJS.Timeout | undefined;
  #watcher: FSWatcher | undefined;

  /**
   * Follows the writer of an image. Resolves to undefined without a writer.
   *
   * @throws EBUSY, as a system error, for a foreign writer
   */
  static async follow(
    context: DriverContext,
    imageId: string,
    { own }: { readonly own: boolean },
  ): Promise<GrowingImage | undefined> {
    // On a network file system, these locks conflict with flock(2), which a hit needs.
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

  /** Unlimited, since the writer may be far ahead of the last poll. */
  protected override get sizeToRelease(): number {
    return Number.POSITIVE_INFINITY;
  }

  get hasOtherReaders(): boolean {
    return !this.context.remote && native.hasOtherReadersSync(this.#follower);
  }

  /** Reads the state from the file. If it has changed, wakes the callers that wait. */
  async poll(): Promise<void> {
    if (this.#released || this.#state.progress !== 'growing') return;
    try {
      const { inlineReads } = this.context;
      const state = inlineReads ? native.pollSync(this.#follower) : await native.pollAsync(this.#follower);
      // A newer state may have arrived while the pool read this one.
      if (this.#state.progress !== 'growing' || (state.progress === 'growing' && state.size <= this.#state.size))
        return;
      this.#setState(state);
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
    let settle = (_isChanged: boolean): void => {};
    const settled = new Promise<boolean>((resolve) => {
      settle = resolve;
    });
    this.#waiting.add(settle);
    this.#startPolling();
    // Polls before it gives up, since this process may have been stopped, and not the writer.
    const giveUp = () => void this.poll().then(() => settle(false));
    const leftMs = silenceMs === undefined ? undefined : this.#stateSinceMs + silenceMs - now();
    const timer = leftMs === undefined ? undefined : setTimeout(giveUp, Math.max(leftMs, 0));
    try {
      return await untilAborted(settled, signal);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(settle);
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

  #setState(state: LiveState): void {
    this.#state = state;
    this.#stateSinceMs = now();
  }

  #notify(): void {
    for (const settle of this.#waiting) settle(true);
  }

  #startPolling(): void {
    if (this.#own || this.#timer || this.#released) return;
    const poll = () => void this.poll();
    this.#timer = setInterval(poll, pollIntervalMs);
    this.#watcher ??= watchInode(this.#fd, () => {
      if (this.#waiting.size > 0) poll();
    });
    poll(); // Finds changes from before the watch, or from a time without a waiting caller.
  }

  #stopPolling(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/**
 * Watches a file by its descriptor, since its name changes at the commit. Returns undefined if files cannot be watched.
 */
function watchInode(fd: number, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(`/proc/self/fd/${fd}`, { persistent: false }, onChange);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined; // Without inotify or /proc, the timer is enough.
  }
}
