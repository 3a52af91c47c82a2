import type { EvictOptions, EvictResult } from '../api/driver.ts';
import { isSystemError, LockTimeoutError, NotOpenError } from '../api/errors.ts';
import { locked, retryWhileLocked, retryWhileLockedSync } from '../base/lock-retry.ts';
import { clearTimeout, now, setTimeout, sleep } from '../base/timers.ts';
import { type NativeEviction, native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';
import { runEviction, runEvictionSync } from './eviction.ts';

/** Time for which another process that was elected may do nothing before this one evicts as well. Milliseconds. */
const hungAfterMs = 1_000;

/** Time after which a process that was not elected, or found nothing to evict, looks again. Milliseconds. */
const pauseMs = 100;

/** Time for which a round waits for a step of another eviction. Milliseconds. */
const lockTimeoutMs = 60_000;

/** Walks that find nothing to evict take at most this part of the time. */
const largestPart = 0.05;

/** Space on the file system that a write has found missing. */
export interface DiskSpace {
  readonly bytes: number;
  readonly files: number;
}

interface Purpose {
  /** True: a writer found no room. False: in advance, or to find the size of the cache. */
  readonly isFull: boolean;
}

const noSpace: DiskSpace = { bytes: 0, files: 0 };

/**
 * Evicts for the limits of all processes: in the background above the high watermark, and for writers that wait. Of all
 * processes with one directory, only an elected one walks it; see `native/core/evictor_lock.h`.
 */
export class Evictor {
  readonly #context: DriverContext;
  /** False: a round only finds the size of the cache. */
  evicts = true;
  #round: Promise<number> | undefined;
  #freeing: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();
  #pausedUntil = 0;
  /** Defined if a round begins after the pause. */
  #alarm: NodeJS.Timeout | undefined;
  /** The same for rounds that a writer waits for. */
  #pausedForWritersUntil = 0;
  /** Duration of the last walk, in milliseconds. */
  #walkMs = 0;
  /** When another process was first found elected while there was no room; undefined: there is room. */
  #waitsSince: number | undefined;
  /** Called after a step that has evicted. */
  #onStep: (() => void)[] = [];

  constructor(context: DriverContext) {
    this.#context = context;
  }

  /** Begins a round in the background, if none runs; after a pause if the last found nothing. Errors are reported. */
  wake(): void {
    if (this.#isClosed || this.#round || this.#alarm) return;
    const waitMs = this.#pausedUntil - now();
    if (waitMs > 0) {
      this.#alarm = setTimeout(() => {
        this.#alarm = undefined;
        this.wake();
      }, Math.ceil(waitMs)).unref();
      return;
    }
    void this.#begin({ isFull: false }).catch(() => {}); // Reported there.
  }

  /**
   * Makes room for a writer that waits. Resolves to true as soon as images were evicted, else to false after `pauseMs`:
   * other processes may have made room.
   *
   * @throws the error of the eviction, and the signal's reason
   */
  async makeRoom(purpose: Purpose, pauseMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    const pause = sleep(pauseMs, signal).then(() => false);
    if (this.#isClosed || (!this.#round && now() < this.#pausedForWritersUntil)) return pause;
    const round = this.#round ?? this.#begin(purpose);
    const step = new Promise<boolean>((resolve) => {
      this.#onStep.push(() => resolve(true));
    });
    return (await Promise.race([step, round.then((evicted) => evicted > 0), pause])) || pause;
  }

  /** Room was found: another process that is elected does its work, or this one has. */
  foundRoom(): void {
    this.#waitsSince = undefined;
    this.#pausedForWritersUntil = 0;
  }

  /** Frees space on the file system, whatever the limits. @throws the error of the eviction */
  async freeDisk(space: DiskSpace): Promise<void> {
    const before = Promise.allSettled([this.#freeing, this.#round]);
    const freeing = before.then(async () => {
      if (this.#isClosed) return;
      if ((await this.#evict(space)).filesEvicted === 0) await this.#reapInvalid();
    });
    this.#freeing = freeing;
    await freeing;
  }

  /** The synchronous form of both. */
  evictSync(wantedBytes: number, space: DiskSpace = noSpace): void {
    const { directory, options } = this.#context;
    const attempt = () =>
      native.beginEvictionForLimitsSync(directory, space.bytes, space.files, wantedBytes, true, false) ?? locked;
    const eviction = retryWhileLockedSync(attempt, options.lockTimeoutMs);
    if (eviction === locked) return;
    if (this.evicts) runEvictionSync(this.#context, eviction, { reason: 'auto-prune', limit: eviction.limit });
    else native.releaseSync(eviction.handle);
    native.showFreedSync(directory, leastShown(space));
  }

  /** Evicts down to the limits for a caller of `prune()`. */
  async prune({ dryRun = false, signal }: EvictOptions): Promise<EvictResult> {
    signal?.throwIfAborted();
    const steps = await this.#beginSteps(noSpace, false, dryRun, signal);
    return runEviction(this.#context, steps, { dryRun, signal, reason: 'prune', limit: steps.limit });
  }

  /** Begins no round any more, and ends a running one after its step, or while it waits for one of another process. */
  async close(): Promise<void> {
    clearTimeout(this.#alarm);
    this.#closing.abort(new NotOpenError('the cache was closed'));
    await Promise.allSettled([this.#round, this.#freeing]);
  }

  #begin(purpose: Purpose): Promise<number> {
    const round = this.#elected(purpose)
      .catch((error: unknown) => {
        if (this.#isClosed) return 0;
        this.#pausedUntil = now() + pauseMs;
        this.#context.report.evictionFailed(error);
        throw error;
      })
      .finally(() => {
        this.#round = undefined;
        this.#onStep = []; // Those that wait for a step get the result of the round.
      });
    this.#round = round;
    return round;
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Runs a round if this process is elected, or the elected one seems to hang. Resolves to the number of victims. */
  async #elected({ isFull }: Purpose): Promise<number> {
    // Without the file, each process evicts: the lock of the steps still keeps them apart.
    const lock = await native.electEvictorAsync(this.#context.directory).catch(() => undefined);
    if (lock === null) {
      this.#waitsSince ??= now();
      if (now() - this.#waitsSince < hungAfterMs) {
        this.#pausedUntil = now() + pauseMs;
        return 0;
      }
    }
    try {
      const found = await this.#evict(noSpace);
      let evicted = found.filesEvicted;
      if (found.isStuck && isFull) evicted = await this.#reapInvalid();
      if (evicted === 0) {
        const restMs = this.#walkMs / largestPart;
        this.#pausedUntil = now() + Math.max(pauseMs, restMs);
        // Without an excess, other processes have made room, or hold it for writes that end soon.
        if (found.isStuck) this.#pausedForWritersUntil = this.#pausedUntil;
      }
      return evicted;
    } finally {
      if (lock) await native.releaseAsync(lock);
    }
  }

  /** `isStuck`: there was an excess, and no image to evict. */
  async #evict(space: DiskSpace): Promise<{ readonly filesEvicted: number; readonly isStuck: boolean }> {
    const { directory, options, report, stall } = this.#context;
    // What a dead writer left does not count from the next walk on.
    report.reaped('incomplete', await native.reapStalledAsync(directory, options.stallTimeSeconds, ...stall));
    const { signal } = this.#closing;
    const steps = await this.#beginSteps(space, true, false, signal);
    if (!this.evicts) {
      await native.releaseAsync(steps.handle);
      return { filesEvicted: 0, isStuck: false };
    }
    const { filesEvicted } = await runEviction(this.#context, steps, {
      reason: 'auto-prune',
      limit: steps.limit,
      signal,
      onStep: () => this.#stepped(),
    });
    if (filesEvicted > 0) await native.showFreedAsync(directory, leastShown(space));
    return { filesEvicted, isStuck: filesEvicted === 0 && steps.excess };
  }

  /** Failed writes are kept for debugging only, so they go before a write fails. */
  async #reapInvalid(): Promise<number> {
    const { directory, report } = this.#context;
    const count = await native.reapInvalidAsync(directory, 0);
    report.reaped('invalid', count);
    return count;
  }

  async #beginSteps(
    { bytes, files }: DiskSpace,
    inAdvance: boolean,
    dryRun: boolean,
    signal?: AbortSignal,
  ): Promise<NativeEviction> {
    const { directory } = this.#context;
    const attempt = async () => {
      const began = now();
      const begun = await native.beginEvictionForLimitsAsync(directory, bytes, files, 0, inAdvance, dryRun);
      this.#walkMs = now() - began;
      return begun ?? locked;
    };
    const steps = await retryWhileLocked(attempt, lockTimeoutMs, signal);
    if (steps === locked) throw new LockTimeoutError('another process has been evicting for too long');
    return steps;
  }

  #stepped(): void {
    const waiting = this.#onStep;
    this.#onStep = [];
    for (const resume of waiting) resume();
  }
}

/** Returns whether the file system, or a quota, had no space or no inode for a write. */
export function isDiskFull(error: unknown): boolean {
  return isSystemError(error) && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/** A disk that was full may show free space that Btrfs cannot use yet. */
function leastShown({ bytes }: DiskSpace): number {
  return bytes > 0 ? Number.POSITIVE_INFINITY : 0;
}
