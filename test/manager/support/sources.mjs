/** A source that gives `chunks` and then is silent for ever. `stopped` says whether it has been let go of. */
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

/** A source that tells whether it was touched. */
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
