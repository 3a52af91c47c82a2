// The one way in which this package listens for aborts.
//
// A signal may live as long as the process, and may be given to any number of calls. So a signal has one listener of this
// package, however many calls share it (Node warns of more than ten), and none once they have all ended.

import type { Readable, Writable } from 'node:stream';

/** Objects that listen, so that those which were collected are forgotten. */
const collected = new FinalizationRegistry<() => void>((stop) => stop());

const listenersOf = new WeakMap<AbortSignal, Listeners>();

/**
 * Calls `whenAborted(listener, reason)` when the signal is aborted: immediately, if it already is. Returns a function that
 * ends the listening.
 *
 * The signal holds `listener` weakly. So `whenAborted` must not refer to it but by its argument.
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
 * Until then the signals hold the caller that waits, since an abort may be all that ever wakes it. This is no
 * `Promise.race`: a promise that outlives the race keeps every value that it was raced with.
 *
 * @throws the signal's reason, and what `promise` rejects with
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

/** Also of a signal whose `reason` throws: then that is the reason. */
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

/** Everything in this package that listens to one signal. */
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

  /** Returns a function that removes it again, and with the last one the signal's own listener. */
  add(listener: () => void): () => void {
    this.#all.add(listener);
    return () => {
      if (!this.#all.delete(listener) || this.#all.size > 0) return;
      this.#signal.removeEventListener('abort', this.#run);
      listenersOf.delete(this.#signal);
    };
  }
}
