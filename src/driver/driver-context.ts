import type { SystemError } from '../api/errors.ts';
import { publish } from '../api/events.ts';
import type { Logger } from '../api/logger.ts';
import { describeReason } from '../api/reason.ts';
import { eventLoopTurn } from '../base/event-loop-turn.ts';
import { now } from '../base/timers.ts';
import type { Handle, StallArguments } from '../native/native.ts';
import { InvalidLimit } from './invalid-limit.ts';

/** An attribute write that took longer than this has met a full journal, or was preempted. Milliseconds. */
const slowAttributeWriteMs = 1;
/** Slow writes in a row that cannot be put down to preemption. */
const slowWritesToBelieve = 2;
/** For how long attribute writes then go to the pool. Milliseconds. */
const slowPeriodMs = 1000;
/**
 * For how long an attribute write that has come back says that the next will not wait, for a frozen file system for
 * example: the first after a pause goes to the pool. Milliseconds.
 */
const quickPeriodMs = 50;

/** A prober holds a token's lock for a moment; a `Sync` claim waits that out where it stands. Milliseconds. */
const probeTimeoutMs = 5;

export interface ContextOptions {
  readonly dir: string;
  readonly stallTimeSeconds: number;
  readonly lockTimeoutMs: number;
  readonly accessResolutionMs: number;
  readonly maxInvalidSize: number;
  readonly logger: Logger | undefined;
}

/** What a configured driver shares with its readers and writers. */
export class DriverContext {
  /** Another one once parts of the layout were removed and made again. */
  directory: Handle;
  readonly options: ContextOptions;
  /** Whether opening and reading may be tried on the event loop. */
  readonly inlineReads: boolean;
  /** Whether another machine or process is behind the files, whom each question costs. */
  readonly remote: boolean;
  readonly invalidLimit: InvalidLimit;
  readonly #locks: boolean;
  readonly #inlineWrites: boolean;
  #slowWrites = 0;
  #attributesQuickUntil = 0;
  #attributesSlowUntil = 0;
  #toldUncounted = false;

  constructor(
    directory: Handle,
    options: ContextOptions,
    {
      inline,
      inlineReads,
      inlineWrites,
      locks,
      remote,
    }: {
      readonly inline: boolean;
      readonly inlineReads: boolean;
      readonly inlineWrites: boolean;
      readonly locks: boolean;
      readonly remote: boolean;
    },
  ) {
    this.directory = directory;
    this.options = options;
    this.inlineReads = inline && inlineReads;
    this.#inlineWrites = inline && inlineWrites;
    this.#locks = locks;
    this.remote = remote;
    this.invalidLimit = new InvalidLimit(options.maxInvalidSize, options.logger);
  }

  /** For calls in the pool, which must not sleep. */
  get stall(): StallArguments {
    return [this.options.stallTimeSeconds, this.#locks, 0];
  }

  /** For `Sync` calls. */
  get stallSync(): StallArguments {
    return [this.options.stallTimeSeconds, this.#locks, probeTimeoutMs];
  }

  /** Whether a hit may be written on the event loop: only soon after another was written, and not slowly. */
  get inlineHits(): boolean {
    if (!this.#inlineWrites) return false;
    const nowMs = now();
    return nowMs < this.#attributesQuickUntil && nowMs >= this.#attributesSlowUntil;
  }

  /** An attribute was written, here or in the pool. */
  noteAttributeWrite(atMs: number = now()): void {
    this.#attributesQuickUntil = atMs + quickPeriodMs;
  }

  /** Runs `write` and remembers if such writes have to wait. What it answers tells whether there was one. */
  timeAttributeWrite<T>(write: () => T, wrote: (result: T) => boolean): T {
    const start = now();
    const result = write();
    const end = now();
    eventLoopTurn.spend(end - start);
    if (!wrote(result)) return result;
    this.#slowWrites = end - start > slowAttributeWriteMs ? this.#slowWrites + 1 : 0;
    this.noteAttributeWrite(end);
    if (this.#slowWrites >= slowWritesToBelieve) this.#attributesSlowUntil = end + slowPeriodMs;
    return result;
  }

  tellHit(imageId: string, size: number): void {
    publish('hit', () => ({ dir: this.options.dir, imageId, size }));
  }

  tellMiss(imageId: string): void {
    publish('miss', () => ({ dir: this.options.dir, imageId }));
  }

  tellCommit(imageId: string, size: number): void {
    publish('commit', () => ({ dir: this.options.dir, imageId, size }));
    this.options.logger?.debug({ imageId, size }, 'committed');
  }

  tellRollback(imageId: string, reason: unknown): void {
    publish('rollback', () => ({ dir: this.options.dir, imageId, reason: describeReason(reason) }));
    this.options.logger?.debug({ imageId, reason: describeReason(reason) }, 'rolled back');
  }

  tellReaped(place: 'invalid' | 'incomplete', count: number): void {
    if (count === 0) return;
    publish('reap', () => ({ dir: this.options.dir, place, count }));
    this.options.logger?.info({ place, count }, 'reaped');
  }

  /** A hit that could not be counted never fails a read; the first time for a reason of the file system, it is told. */
  tellUncounted(imageId: string, why: 'evicted' | 'locked' | SystemError): void {
    const error = typeof why === 'string' ? undefined : why;
    const reason = typeof why === 'string' ? why : 'not-writable';
    publish('uncounted', () => ({ dir: this.options.dir, imageId, why: reason, error }));
    if (error === undefined) {
      this.options.logger?.debug({ imageId, why }, 'hit not counted');
    } else if (!this.#toldUncounted) {
      this.#toldUncounted = true;
      this.options.logger?.warn({ imageId, err: error }, 'hits cannot be counted here; reads go on');
    }
  }
}
