/** A source that yields `chunks` and then is silent forever. `stopped` is true once it was closed. */
export function silentAfter(chunks) {
  const left = [...chunks];
  return {
    stopped: false,
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      return left.length > 0 ? Promise.resolve({ done: false, value: left.shift() }) : new Promise(() => {});
    },
    return() {
      this.stopped = true;
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}

/** A source that records whether it was read. */
export function untouched(chunks = [Buffer.from('bytes')]) {
  const source = {
    touched: false,
    *[Symbol.iterator]() {
      source.touched = true;
      yield* chunks;
    },
  };
  return source;
}
