/** Of those that heed a signal and were dropped. */
const dropped = new FinalizationRegistry<() => void>((stop) => stop());

/**
 * Calls `onAbort(listener)` when the signal is aborted, at once if it is already, and keeps nobody from being collected:
 * a signal may live as long as the process. Answers what makes it stop.
 */
export function heed<T extends object>(
  signal: AbortSignal | undefined,
  listener: T,
  onAbort: (listener: T) => void,
): () => void {
  if (signal?.aborted) onAbort(listener);
  if (!signal || signal.aborted) return () => {};
  const weak = new WeakRef(listener);
  const abort = () => {
    const live = weak.deref();
    if (live) onAbort(live);
  };
  const stop = () => signal.removeEventListener('abort', abort);
  signal.addEventListener('abort', abort, { once: true });
  dropped.register(listener, stop);
  return stop;
}
