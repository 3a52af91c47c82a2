import type { Snapshot } from './snapshot.ts';

/** Rates over about the last second. */
export interface RatesNow {
  readonly reads: number;
  readonly bytes: number;
}

const windowSeconds = 1;

export class Rates {
  #seen: { readonly seconds: number; readonly reads: number; readonly bytes: number }[] = [];

  /** Adds a sample. */
  at({ elapsedSeconds: seconds, tally }: Pick<Snapshot, 'elapsedSeconds' | 'tally'>): RatesNow {
    const now = { seconds, reads: tally.reads, bytes: tally.bytesFromCache + tally.bytesFromSource };
    this.#seen = [...this.#seen.filter((then) => seconds - then.seconds <= windowSeconds), now];
    const then = this.#seen[0] as typeof now;
    const elapsed = Math.max(now.seconds - then.seconds, Number.EPSILON);
    return { reads: (now.reads - then.reads) / elapsed, bytes: (now.bytes - then.bytes) / elapsed };
  }
}
