import { AsyncLocalStorage } from 'node:async_hooks';

import { FetchCycleError } from '../api/errors.ts';

/** A `fetch` that runs, with all that reads from it. */
export interface RunningFetch {
  /** Does a part of its work. */
  run<T>(work: () => Promise<T>): Promise<T>;
  end(): void;
}

interface Running {
  readonly dir: string;
  readonly imageId: string;
  /** The images that it waits for. */
  readonly waitsFor: Set<{ readonly imageId: string }>;
}

/** The `fetch` in whose course something is done. */
const current = new AsyncLocalStorage<Running>();
const allRunning = new Set<Running>();

/**
 * Which `fetch` of a directory waits for which of its images, through any cache of this thread. One that waits, at the end,
 * for its own would wait for ever.
 */
export class FetchCycles {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  begin(imageId: string): RunningFetch {
    const running: Running = { dir: this.#dir, imageId, waitsFor: new Set() };
    allRunning.add(running);
    const end = () => {
      allRunning.delete(running);
      // On Node 20 and 22 it slows down every promise of the process for as long as it is in use.
      if (allRunning.size === 0) current.disable();
    };
    return { run: (work) => current.run(running, work), end };
  }

  /**
   * Notes that the `fetch` that asks, if one does, waits for an image, until the returned function is called.
   *
   * @throws {@link FetchCycleError}
   */
  wait(imageId: string): () => void {
    const asking = current.getStore();
    if (!asking || !allRunning.has(asking) || asking.dir !== this.#dir) return () => {};
    if (this.#leads(imageId, asking.imageId, new Set())) throw new FetchCycleError(imageId, asking.imageId);
    const wait = { imageId };
    asking.waitsFor.add(wait);
    return () => asking.waitsFor.delete(wait);
  }

  /** Whether `from` is `to`, or cannot be fetched without it. */
  #leads(from: string, to: string, seen: Set<string>): boolean {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    for (const { dir, imageId, waitsFor } of allRunning) {
      if (dir !== this.#dir || imageId !== from) continue;
      for (const next of waitsFor) if (this.#leads(next.imageId, to, seen)) return true;
    }
    return false;
  }
}
