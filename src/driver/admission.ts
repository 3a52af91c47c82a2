import { NoSpaceError, tooLarge } from '../api/errors.ts';
import { imageName } from '../api/image-name.ts';
import type { ResolvedLimits } from '../api/limits.ts';
import { untilAborted } from '../base/on-abort.ts';
import { clearTimeout, now, setTimeout } from '../base/timers.ts';
import { type NativeVerdict, native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';
import { Evictor, isDiskFull } from './evictor.ts';

/** Time for which a write waits for room that it holds none of. Milliseconds. */
const spaceTimeoutMs = 60_000;

/** The same for a write that holds a part, while a caller of another process waits for longer. Milliseconds. */
const growthTimeoutMs = 1_000;

/** The same for the one that has waited longest. Milliseconds. */
const oldestGrowthTimeoutMs = 10_000;

const firstPauseMs = 1;
const longestPauseMs = 16;

/** How often a process that waits says so. Milliseconds. */
const announceIntervalMs = 500;

/** Time of a synchronous write, which is before all that wait. Milliseconds since boot. */
const firstOfAll = 1e-3;

/** How often a synchronous write evicts before it fails. */
const syncEvictions = 3;

/** Part of the limit that a full disk frees at least. */
const leastFreed = 0.01;

/** Tries a write. `sinceMs`: since when it waits, in milliseconds since boot; 0 at first. */
export type Attempt = (sinceMs: number) => Promise<NativeVerdict>;

/** A write that needs room. */
export interface Request {
  readonly imageId: string;
  /** Bytes that it needs now. */
  readonly bytes: number;
  /** True if it holds room already. Such writes come first, and wait for less time. */
  readonly growing: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** A write that waits. `turn` resolves when it has waited for longest in this process. */
interface Waiter {
  readonly request: Request;
  readonly turn: Promise<void>;
  readonly begin: () => void;
  sinceMs: number;
}

/**
 * Lets writes reserve room below the limits, in the order of their arrival; see `native/core/reservations.h`. A write
 * that finds no room waits for the evictor. A write that finds the disk full evicts, and tries again, once.
 */
export class Admission {
  readonly #context: DriverContext;
  readonly #evictor: Evictor;
  #evicts = true;
  #maxSize = Number.POSITIVE_INFINITY;
  readonly #line: Waiter[] = [];
  #closed = false;
  /** When a write that waited found room for the last time. */
  #foundRoom = 0;

  constructor(context: DriverContext) {
    this.#context = context;
    this.#evictor = new Evictor(context);
  }

  /** Sets other limits. Writes that wait keep their places. `evicts` is false if a write that does not fit fails. */
  limitTo({ maxSize }: ResolvedLimits, evicts: boolean): void {
    this.#maxSize = maxSize;
    this.#evicts = evicts;
    this.#evictor.evicts = evicts;
  }

  get evictor(): Evictor {
    return this.#evictor;
  }

  /**
   * Tries a write until it has room.
   *
   * @throws {@link NoSpaceError} if it is larger than a limit, or there was no room in time
   * @throws the signal's reason, and the errors of `attempt`
   */
  async admit(request: Request, attempt: Attempt): Promise<void> {
    if (this.#line.length === 0 || request.growing) {
      if (this.#settle(await this.#try(request, attempt, 0), request)) return;
    }
    await this.#wait(request, attempt);
  }

  /** The synchronous form of {@link admit}. Waits for no other writer, and evicts on the calling thread. */
  admitSync(request: Request, attempt: (sinceMs: number) => NativeVerdict): void {
    for (let evictions = 0; ; evictions++) {
      const verdict = this.withSpaceSync(request, () => attempt(firstOfAll));
      if (this.#settle(verdict, request)) return;
      // The first may have found the size of the cache only.
      if (evictions === syncEvictions) throw noRoom(request);
      this.#evictor.evictSync(request.bytes);
    }
  }

  /** Runs a part of a write. If the disk is full, evicts for it and runs it again, once. */
  async withSpace<T>(request: Request, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (!this.#evicts || !isDiskFull(error)) throw error;
      await this.#evictor.freeDisk(this.#spaceFor(request));
      return await operation();
    }
  }

  /** The synchronous form of {@link withSpace}. */
  withSpaceSync<T>(request: Request, operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      if (!this.#evicts || !isDiskFull(error)) throw error;
      this.#evictor.evictSync(request.bytes, this.#spaceFor(request));
      return operation();
    }
  }

  /** Evicts nothing any more. There are no limits for writes that wait, or the driver is closed. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#evictor.close();
  }

  /** Returns whether the write has room. @throws {@link NoSpaceError} if it can never have */
  #settle(verdict: NativeVerdict, request: Request): boolean {
    if (verdict === undefined) return true;
    if (verdict === 'crowded') {
      if (this.#evicts) this.#evictor.wake();
      return true;
    }
    if (verdict === 'too large') throw tooLarge(request.imageId);
    // Behind others that wait, whose processes may evict, it waits as well.
    if (verdict === 'full' && !this.#evicts) throw noRoom(request);
    return false;
  }

  async #wait(request: Request, attempt: Attempt): Promise<void> {
    const waiter = this.#enter(request);
    const { signal, growing, timeoutMs = spaceTimeoutMs } = request;
    const began = now();
    try {
      await this.#untilTurn(waiter);
      let announced = Number.NEGATIVE_INFINITY;
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
        if (now() - announced > announceIntervalMs) {
          announced = now();
          const { directory } = this.#context;
          waiter.sinceMs = await native.waitForRoomAsync(directory, waiter.sinceMs, request.bytes, growing ? 0 : 1);
        }
        const verdict = await this.#try(request, attempt, waiter.sinceMs);
        if (this.#settle(verdict, request)) {
          this.#foundRoom = now();
          this.#evictor.foundRoom();
          return;
        }
        if (this.#closed) throw noRoom(request);
        const longest = growing ? (verdict === 'behind' ? growthTimeoutMs : oldestGrowthTimeoutMs) : timeoutMs;
        if (now() - began >= longest) throw noRoom(request);
        if (await this.#evictor.makeRoom({ isFull: verdict === 'full' }, pauseMs, signal)) pauseMs = firstPauseMs;
      }
    } finally {
      this.#leave(waiter);
    }
  }

  async #try(request: Request, attempt: Attempt, sinceMs: number): Promise<NativeVerdict> {
    return this.withSpace(request, () => attempt(sinceMs));
  }

  /** Space to free on a full disk: DingoCache's rule, twice what is needed, and a part of the limit. */
  #spaceFor({ bytes }: Request): { readonly bytes: number; readonly files: number } {
    const maxSize = this.#maxSize;
    const part = Number.isFinite(maxSize) ? Math.min(maxSize * leastFreed, 64 * 1024 ** 2) : 0;
    return { bytes: Math.ceil(Math.max(2 * bytes, part)), files: 2 };
  }

  #enter(request: Request): Waiter {
    let begin = (): void => {};
    const turn = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const waiter: Waiter = { request, turn, begin, sinceMs: 0 };
    const newcomers = this.#line.findIndex((other) => !other.request.growing);
    if (request.growing && newcomers >= 0) this.#line.splice(newcomers, 0, waiter);
    else this.#line.push(waiter);
    this.#line[0]?.begin();
    return waiter;
  }

  #leave(waiter: Waiter): void {
    this.#line.splice(this.#line.indexOf(waiter), 1);
    const next = this.#line[0];
    next?.begin();
    if (next || waiter.sinceMs === 0) return;
    void native.endWaitAsync(this.#context.directory).catch(() => {}); // It is not seen after 2 s.
  }

  /** A write that holds room gives up when no other has found any for a while: they may need what it holds. */
  async #untilTurn({ turn, request }: Waiter): Promise<void> {
    const { growing, signal, timeoutMs = spaceTimeoutMs } = request;
    const began = now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const check = () => {
        const leftMs = began + timeoutMs - now();
        const quietMs = growing ? Math.max(began, this.#foundRoom) + growthTimeoutMs - now() : leftMs;
        const waitMs = Math.min(leftMs, quietMs);
        if (waitMs <= 0) reject(noRoom(request));
        else timer = setTimeout(check, Math.ceil(waitMs));
      };
      check();
    });
    try {
      await untilAborted(Promise.race([turn, late]), signal);
    } finally {
      clearTimeout(timer);
    }
  }
}

function noRoom({ imageId }: Request): NoSpaceError {
  return new NoSpaceError(`there is no room for ${imageName(imageId)} below the limits of the cache`, { imageId });
}
