import { eventLoopTurn } from '../base/event-loop-turn.ts';
import { now } from '../base/timers.ts';

/** An attribute write that took longer than this has met a full journal, or was preempted. Milliseconds. */
const slowWriteMs = 1;
/** Number of consecutive slow writes that preemption does not explain. */
const slowWritesToBelieve = 2;
/** Time for which attribute writes then go to the pool. Milliseconds. */
const slowPeriodMs = 1000;
/**
 * Time after an attribute write in which the next one is expected not to wait, for example for a frozen file system.
 * The first write after a pause goes to the pool. Milliseconds.
 */
const quickPeriodMs = 50;

/**
 * Decides whether an attribute is written on the event loop: only soon after another write, and only if writes are
 * fast.
 */
export class AttributePace {
  readonly #mayInline: boolean;
  #slowWrites = 0;
  #quickUntilMs = 0;
  #slowUntilMs = 0;

  /** `mayInline` permits writes on the event loop at all. */
  constructor(mayInline: boolean) {
    this.#mayInline = mayInline;
  }

  /** True if the next write may run on the event loop. */
  get inline(): boolean {
    if (!this.#mayInline) return false;
    const nowMs = now();
    return nowMs < this.#quickUntilMs && nowMs >= this.#slowUntilMs;
  }

  /** Notes that an attribute was written, here or in the pool. */
  noteWrite(atMs: number = now()): void {
    this.#quickUntilMs = atMs + quickPeriodMs;
  }

  /**
   * Runs `write` and notes whether it was slow. `wrote` returns whether a result means that an attribute was written.
   */
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
