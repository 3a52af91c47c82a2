import { now, setImmediate } from './timers.ts';

/** Work that was done where it was asked for, after which it is time to see when the turn ends. Milliseconds. */
const noticeableMs = 1;

/** How long the turn may then still take. Milliseconds. */
const longestMs = 3;

/** How many of those who wait go on in one turn. */
const atOnce = 64;

/**
 * A turn of the event loop, shared by all who do without waiting what would hold it up if many did so, or one many times: what
 * is in memory is read at once, and ten thousand reads or a hundred streams would let nobody else run until their end.
 */
class EventLoopTurn {
  #spentMs = 0;
  #endingSinceMs: number | undefined;
  #waiting: (() => void)[] = [];

  /** Whether it is others' turn: then {@link next} is to be awaited, once. */
  get isOver(): boolean {
    if (this.#waiting.length > 0) return true;
    return this.#endingSinceMs !== undefined && now() - this.#endingSinceMs > longestMs;
  }

  /** Resolves when they had it, in the order of those who wait. */
  next(): Promise<void> {
    this.measure();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Does something at once. */
  run<T>(work: () => T): T {
    const start = now();
    const result = work();
    this.spend(now() - start);
    return result;
  }

  /** So much was done at once. Most turns are over before that is noticeable, and cost nothing. */
  spend(milliseconds: number): void {
    this.#spentMs += milliseconds;
    if (this.#spentMs > noticeableMs) this.measure();
  }

  /**
   * Begins to measure the turn. For work that awaits one resolved promise after another: it need not hold the turn up by
   * itself to keep it from ever ending.
   */
  measure(): void {
    if (this.#endingSinceMs !== undefined) return;
    this.#endingSinceMs = now();
    setImmediate(() => this.#begin());
  }

  #begin(): void {
    this.#spentMs = 0;
    this.#endingSinceMs = undefined;
    for (const goOn of this.#waiting.splice(0, atOnce)) goOn();
    if (this.#waiting.length > 0) this.measure();
  }
}

export const eventLoopTurn: EventLoopTurn = new EventLoopTurn();
