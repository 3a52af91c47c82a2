import { setTimeout as sleep } from 'node:timers/promises';

import { CliError } from '#terminal/cli-error';
import type { Counts } from './counts.ts';
import type { Order, Report, Role } from './messages.ts';
import { type MishapCounts, Mishaps } from './mishaps.ts';
import { ParticipantProcess } from './participant-process.ts';
import { sumOfTallies, type Tally } from './tally.ts';

/** Distance between the seeds of two processes: a victim uses one for each of its lives. */
const seedStride = 1_000_000;
const pollMs = 50;
/** Additional time for a run on a slow machine. */
const graceMs = 30_000;

/** The processes of one run. They start together, and stop together if one of them fails. */
export class Team {
  readonly #processes: readonly ParticipantProcess[];
  readonly #mishaps: Mishaps;

  constructor(order: Omit<Order, 'role'>, workerCount: number) {
    let seed = order.seed;
    const orderOf = (role: Role): Order => {
      seed += seedStride;
      return { ...order, role, seed };
    };
    const workers = Array.from(
      { length: workerCount },
      (_, index) => new ParticipantProcess(`worker ${index + 1} of ${workerCount}`, orderOf('worker')),
    );
    const pruner = new ParticipantProcess('the pruner', orderOf('pruner'));
    const cleaner = new ParticipantProcess('the cleaner', orderOf('cleaner'));
    this.#processes = [...workers, pruner, cleaner];
    this.#mishaps = new Mishaps(orderOf('victim'), workers, cleaner);
  }

  get tally(): Tally {
    return sumOfTallies(this.#processes.map(({ tally }) => tally));
  }

  /** Kills during the fetch of each image. */
  get killedFetches(): Counts {
    return this.#mishaps.killedFetches;
  }

  get mishaps(): Readonly<MishapCounts> {
    return this.#mishaps.counts;
  }

  /** Resolves when all have opened the cache. */
  async ready(signal: AbortSignal): Promise<void> {
    await Promise.race([Promise.all(this.#processes.map(({ ready }) => ready)), rejectionOf(signal)]);
  }

  /**
   * Lets them work for a while, and until all events of the demo have occurred. Rejects when one fails, or after an
   * interruption.
   */
  async work(seconds: number, signal: AbortSignal): Promise<Report[]> {
    for (const process of this.#processes) process.start();
    const reports = Promise.all(this.#processes.map(({ report }) => report));
    const mishaps = this.#mishaps.run();
    mishaps.catch(() => {}); // Awaited below, unless another failure comes first.

    await Promise.race([this.#enough(seconds, signal), mishaps, reports]);
    this.#mishaps.finish();
    await Promise.race([mishaps, rejectionOf(signal), reports]);
    const ended = await this.stop();
    if (!ended) throw new CliError('ERR_DEMO_WORKER', 'a process did not end in time, and was killed');
    return await reports;
  }

  /** Stops all processes. @returns whether all of them ended by themselves */
  async stop(): Promise<boolean> {
    const ended = await Promise.all([this.#mishaps.abandon(), ...this.#processes.map((process) => process.stop())]);
    return ended.every((byItself) => byItself !== false);
  }

  async #enough(seconds: number, signal: AbortSignal): Promise<void> {
    const options = { signal, ref: false };
    await sleep(seconds * 1000, undefined, options);
    const deadline = performance.now() + graceMs;
    while (!this.#everythingHappened && performance.now() < deadline) await sleep(pollMs, undefined, options);
  }

  get #everythingHappened(): boolean {
    const { hits, filesEvicted, evictedDuringReads } = this.tally;
    return [hits, filesEvicted, evictedDuringReads, this.mishaps.takeOvers].every((count) => count > 0);
  }
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  const rejection = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  rejection.catch(() => {}); // Only the race uses it.
  return rejection;
}
