import { now, setImmediate } from './timers.ts';

/** Inline work in milliseconds after which the turn is measured. */
const noticeableMs = 1;

/** Longest rest of a measured turn in milliseconds. */
const longestMs = 3;

/** Number of waiting calls that go on in one turn. */
const resumedPerTurn = 64;

/**
 * The budget of inline work in one turn of the event loop, shared by all calls. A read of bytes in memory resolves
 * immediately, so ten thousand reads or a hundred streams would block the loop until their end.
 */
class EventLoopTurn {
  #spentMs = 0;
  #endingSinceMs: number | undefined;
  #waiting: (() => void)[] = [];

  /** True if the budget is spent. Then the caller must await {@link next} once. */
  get isOver(): boolean {
    if (this.#waiting.length > 0) return true;
    return this.#endingSinceMs !== undefined && now() - this.#endingSinceMs > longestMs;
  }

  /** Resolves in a later turn, in the order of the calls. */
  next(): Promise<void> {
    this.measure();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Does some work inline, and charges its time. */
  run<T>(work: () => T): T {
    const start = now();
    const result = work();
    this.spend(now() - start);
    return result;
  }

  /** Charges time of inline work. Most turns end before it is noticeable, and cost nothing. */
  spend(milliseconds: number): void {
    this.#spentMs += milliseconds;
    if (this.#spentMs > noticeableMs) this.measure();
  }

  /**
   * Begins to measure the turn. Work that awaits one resolved promise after another needs this: each step is short, but
   * the turn never ends.
   */
  measure(): void {
    if (this.#endingSinceMs !== undefined) return;
    this.#endingSinceMs = now();
    setImmediate(() => this.#begin());
  }

  #begin(): void {
    this.#spentMs = 0;
    this.#endingSinceMs = undefined;
    for (const goOn of this.#waiting.splice(0, resumedPerTurn)) goOn();
    if (this.#waiting.length > 0) this.measure();
  }
}

export const eventLoopTurn: EventLoopTurn = new EventLoopTurn();
