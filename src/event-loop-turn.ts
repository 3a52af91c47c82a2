const longestMs = 4;

/**
 * A turn of the event loop, shared by all who do without waiting what would take many of them, or many times, too long:
 * what is in memory is read at once, and a hundred streams that do so would let nobody else run until their end.
 */
class EventLoopTurn {
  #beganMs = 0;
  #next: Promise<void> | undefined;

  /** Resolves at once, or in a later turn if this one has been held up for some milliseconds. */
  async shared(): Promise<void> {
    while (this.#next && performance.now() - this.#beganMs > longestMs) await this.#next;
    this.#next ??= this.#begin();
  }

  #begin(): Promise<void> {
    this.#beganMs = performance.now();
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#next = undefined;
        resolve();
      });
    });
  }
}

export const eventLoopTurn: EventLoopTurn = new EventLoopTurn();
