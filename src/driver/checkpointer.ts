import type { CheckpointState } from '../api/durability.ts';
import { isSystemError, LockTimeoutError } from '../api/errors.ts';
import { type Locked, locked, retryWhileLocked } from '../base/lock-retry.ts';
import { clearTimeout, now, setTimeout } from '../base/timers.ts';
import { type Handle, native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';
import { recoverNow } from './recover.ts';

/** At most this part of the time is spent in syncfs(2), which makes other programs wait. */
const largestPart = 0.1;
/** How long another process's checkpoint is waited for: it waits for the disk. Milliseconds. */
const lockTimeoutMs = 60_000;

/**
 * Makes checkpoints in the background, and on demand, one at a time: two calls of flock(2) on one open file do not
 * exclude each other. See `native/core/checkpoint.h`.
 */
export class Checkpointer {
  readonly #context: DriverContext;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();
  #closed = false;
  /** A process that was killed may have left images that this one knows nothing of. */
  #due = true;

  constructor(context: DriverContext, intervalMs: number) {
    this.#context = context;
    this.#intervalMs = intervalMs;
    this.#schedule(intervalMs);
  }

  /** Resolves when all images published before the call are on disk, and vouched for at the next boot. */
  async checkpoint(): Promise<void> {
    await this.#inTurn(() => this.#finish(() => this.#make()));
  }

  /** Ends with a checkpoint if images were published since the last. A failure is reported, and not thrown. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#inTurn(async () => {
      if (await this.#isNeeded()) await this.#finish(async () => ((await this.#isNeeded()) ? this.#make() : true));
    }).catch(() => {});
  }

  #schedule(delayMs: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#tick(), delayMs).unref();
  }

  async #tick(): Promise<void> {
    const began = now();
    // The next tick tries again.
    await this.#inTurn(async () => {
      if (!this.#closed && (this.#due || (await this.#isNeeded()))) await this.#make();
    }).catch(() => {});
    this.#schedule(Math.max(this.#intervalMs, (now() - began) / largestPart));
  }

  async #isNeeded(): Promise<boolean> {
    return native.needsCheckpointAsync(this.#context.directory);
  }

  /** Waits while other processes make theirs, and puts the checkpoint itself on disk. */
  async #finish(attempt: () => Promise<true | Locked>): Promise<void> {
    if ((await retryWhileLocked(attempt, lockTimeoutMs)) === locked) {
      throw new LockTimeoutError('another process has been making a checkpoint for too long');
    }
    await native.syncCheckpointAsync(this.#context.directory);
  }

  /** @throws the error that writes to the disk have failed with, after the images that it may have damaged were dropped */
  async #make(): Promise<true | Locked> {
    const { directory, report } = this.#context;
    const began = now();
    try {
      const made = await native.checkpointAsync(directory);
      if (made === null) return locked;
      this.#due = false;
      if (made.failure) throw made.failure;
      report.checkpoint(now() - began, undefined);
    } catch (error) {
      if (!isOtherBoot(error)) throw error;
      await recoverNow(directory, report);
    }
    return true;
  }

  /** Runs one at a time, and reports a failure. */
  async #inTurn(run: () => Promise<void>): Promise<void> {
    const reported = async () => {
      const began = now();
      try {
        await run();
      } catch (error) {
        this.#context.report.checkpoint(now() - began, error);
        throw error;
      }
    };
    const result = this.#last.then(reported);
    this.#last = result.catch(() => {});
    return result;
  }
}

/** `.xattr-cache` of another boot was put there under the open driver. */
function isOtherBoot(error: unknown): boolean {
  return isSystemError(error) && error.code === 'ESTALE';
}

/** See {@link XattrDriver.getCheckpointState}. */
export async function readCheckpointState(directory: Handle): Promise<CheckpointState> {
  const state = await native.checkpointStateAsync(directory);
  return {
    atMs: state.boot === undefined ? undefined : state.beganMs,
    boot: state.boot,
    thisBoot: state.ownBoot,
    doubtfulImages: state.images,
    doubtfulBytes: state.bytes,
    failingSinceMs: state.failingSinceMs || undefined,
  };
}
