// The only module of this package that listens for aborts.
//
// A signal may live as long as the process, and may be given to any number of calls. So a signal has one listener of
// this package, however many calls share it (Node warns of more than ten), and none once they have all ended.

import type { Readable, Writable } from 'node:stream';

/** Removes the listener of an object that was garbage-collected. */
const collected = new FinalizationRegistry<() => void>((stop) => stop());

const listenersOf = new WeakMap<AbortSignal, Listeners>();

/**
 * Calls `whenAborted(listener, reason)` when the signal is aborted, and immediately if it already is. Returns a
 * function that removes the listener.
 *
 * The signal holds `listener` weakly. So `whenAborted` must refer to it by its argument only.
 */
export function onAbort<T extends object>(
  signal: AbortSignal | undefined,
  listener: T,
  whenAborted: (listener: T, reason: unknown) => void,
): () => void {
  if (signal?.aborted) whenAborted(listener, reasonOf(signal));
  if (!signal || signal.aborted) return () => {};
  const weak = new WeakRef(listener);
  const stop = listen(signal, () => {
    const live = weak.deref();
    if (live) whenAborted(live, reasonOf(signal));
  });
  collected.register(listener, stop);
  return stop;
}

/** Destroys a stream when the signal is aborted, with Node's `AbortError`, unless it has ended before. */
export function destroyOnAbort(signal: AbortSignal | undefined, stream: Readable | Writable): void {
  const stop = onAbort(signal, stream, (stream, reason) => {
    const error = new Error('The operation was aborted', { cause: reason });
    stream.destroy(Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' }));
  });
  stream.once('close', stop);
}

/**
 * Settles as `promise` does, unless one of the signals is aborted before.
 *
 * Until then the signals hold the caller that waits, since an abort may be the only event that wakes it. This is no
 * `Promise.race`: a promise that outlives the race keeps every value that it was raced with.
 *
 * @throws the signal's reason, and the error of `promise`
 */
export function untilAborted<T>(promise: Promise<T>, ...signals: readonly (AbortSignal | undefined)[]): Promise<T> {
  const live = signals.filter((signal) => signal !== undefined);
  if (live.length === 0) return promise;
  return new Promise<T>((resolve, reject) => {
    const stops: (() => void)[] = [];
    const stop = () => {
      for (const each of stops) each();
    };
    promise.then(
      (value) => {
        stop();
        resolve(value);
      },
      (error: unknown) => {
        stop();
        reject(error);
      },
    );
    for (const signal of live) {
      const abort = () => {
        stop();
        reject(reasonOf(signal));
      };
      if (signal.aborted) abort();
      else stops.push(listen(signal, abort));
    }
  });
}

/** Returns the reason of a signal. If its `reason` throws, returns that error. */
function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason;
  } catch (error) {
    return error;
  }
}

function listen(signal: AbortSignal, listener: () => void): () => void {
  let listeners = listenersOf.get(signal);
  if (!listeners) {
    listeners = new Listeners(signal);
    listenersOf.set(signal, listeners);
  }
  return listeners.add(listener);
}

/** All listeners of this package to one signal. */
class Listeners {
  readonly #signal: AbortSignal;
  readonly #all = new Set<() => void>();
  readonly #run = (): void => {
    for (const listener of [...this.#all]) listener();
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#run, { once: true });
  }

  /** Adds a listener. Returns a function that removes it; the last one also removes the listener of the signal. */
  add(listener: () => void): () => void {
    this.#all.add(listener);
    return () => {
      if (!this.#all.delete(listener) || this.#all.size > 0) return;
      this.#signal.removeEventListener('abort', this.#run);
      listenersOf.delete(this.#signal);
    };
  }
}
