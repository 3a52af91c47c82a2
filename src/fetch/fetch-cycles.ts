import { AsyncLocalStorage } from 'node:async_hooks';

import { FetchCycleError } from '../api/errors.ts';

/** A running call of a `fetch`, including all reads from its source. */
export interface RunningFetch {
  /** Runs a part of its work. */
  run<T>(work: () => Promise<T>): Promise<T>;
  end(): void;
}

interface Running {
  readonly dir: string;
  readonly imageId: string;
  /** The images for which it waits. */
  readonly waitsFor: Set<{ readonly imageId: string }>;
}

/** The `fetch` that the current asynchronous call belongs to. */
const current = new AsyncLocalStorage<Running>();
const allRunning = new Set<Running>();

/**
 * Records which `fetch` waits for which image of a directory, through any cache of this thread. A `fetch` that waits
 * for its own image, directly or through others, would wait for ever.
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
      // On Node 20 and 22 an AsyncLocalStorage in use slows down every promise of the process.
      if (allRunning.size === 0) current.disable();
    };
    return { run: (work) => current.run(running, work), end };
  }

  /**
   * Records that the calling `fetch`, if there is one, waits for an image until the returned function is called.
   *
   * @throws {@link FetchCycleError} if the image needs the calling `fetch`
   */
  wait(imageId: string): () => void {
    const asking = current.getStore();
    if (!asking || !allRunning.has(asking) || asking.dir !== this.#dir) return () => {};
    if (this.#needs(imageId, asking.imageId, new Set())) throw new FetchCycleError(imageId, asking.imageId);
    const wait = { imageId };
    asking.waitsFor.add(wait);
    return () => asking.waitsFor.delete(wait);
  }

  /** Returns whether `from` is `to`, or cannot be fetched without it. */
  #needs(from: string, to: string, seen: Set<string>): boolean {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    for (const { dir, imageId, waitsFor } of allRunning) {
      if (dir !== this.#dir || imageId !== from) continue;
      for (const next of waitsFor) if (this.#needs(next.imageId, to, seen)) return true;
    }
    return false;
  }
}
