import { eventLoopTurn } from '../base/event-loop-turn.ts';
import { now } from '../base/timers.ts';

/** An attribute write that took longer than this has met a full journal, or was preempted. Milliseconds. */
const slowWriteMs = 1;
/** Slow writes in a row that cannot be put down to preemption. */
const slowWritesToBelieve = 2;
/** For how long attribute writes then go to the pool. Milliseconds. */
const slowPeriodMs = 1000;
/**
 * For how long an attribute write that has come back says that the next will not wait, for a frozen file system for
 * example: the first after a pause goes to the pool. Milliseconds.
 */
const quickPeriodMs = 50;

/** Decides whether an attribute is written on the event loop: only soon after another was written, and not slowly. */
export class AttributePace {
  readonly #mayInline: boolean;
  #slowWrites = 0;
  #quickUntilMs = 0;
  #slowUntilMs = 0;

  /** `mayInline`: whether such a write may be on the event loop at all. */
  constructor(mayInline: boolean) {
    this.#mayInline = mayInline;
  }

  /** Whether the next write may be on the event loop. */
  get inline(): boolean {
    if (!this.#mayInline) return false;
    const nowMs = now();
    return nowMs < this.#quickUntilMs && nowMs >= this.#slowUntilMs;
  }

  /** An attribute was written, here or in the pool. */
  noteWrite(atMs: number = now()): void {
    this.#quickUntilMs = atMs + quickPeriodMs;
  }

  /** Runs `write` and remembers whether such writes have to wait. `wrote` says of its result whether there was one. */
  time<T>(write: () => T, wrote: (result: T) => boolean): T {
    const start = now();
    const result = write();
    const end = now();
    eventLoopTurn.spend(end - start);
    if (!wrote(result)) return result;
    this.#slowWrites = end - start > slowWriteMs ? this.#slowWrites + 1 : 0;
    this.noteWrite(end);
    if (this.#slowWrites >= slowWritesToBelieve) this.#slowUntilMs = end + slowPeriodMs;
    return result;
  }
}
