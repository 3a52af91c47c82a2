import { addTo, type Counts } from './counts.ts';
import type { Order } from './messages.ts';
import { ParticipantProcess } from './participant-process.ts';
import { pause } from './waiting.ts';

/** Counts of killed processes, and of the outcomes of their images. */
export interface MishapCounts {
  kills: number;
  /** Images whose followers got all bytes, although the process that fetched them was killed. */
  takeOvers: number;
  /** Images whose remains the cleaner removed. */
  cleanedUp: number;
  /** Longest time in milliseconds from the death of the fetching process to a reader with the whole image. */
  slowestTakeOverMs: number;
  /** Failed writes that the cleaner removed. */
  invalidReaped: number;
}

const restMs = 250;
/** One in so many dead processes is left to the cleaner. */
const cleanEvery = 3;

/** Kills processes in the middle of a fetch, one after another, and has their images completed or removed. */
export class Mishaps {
  readonly counts: MishapCounts = { kills: 0, takeOvers: 0, cleanedUp: 0, slowestTakeOverMs: 0, invalidReaped: 0 };
  readonly #order: Order;
  readonly #workers: readonly ParticipantProcess[];
  readonly #cleaner: ParticipantProcess;
  readonly #stopping = new AbortController();
  readonly #killedFetches = new Map<string, number>();
  #victim: ParticipantProcess | undefined;

  constructor(order: Order, workers: readonly ParticipantProcess[], cleaner: ParticipantProcess) {
    this.#order = order;
    this.#workers = workers;
    this.#cleaner = cleaner;
  }

  /** Kills during the fetch of each image. */
  get killedFetches(): Counts {
    return this.#killedFetches;
  }

  /** Runs until {@link finish}. */
  async run(): Promise<void> {
    const stopped = this.#stopping.signal;
    for (let round = 1; !stopped.aborted; round++) {
      const victim = new ParticipantProcess(`victim ${round}`, { ...this.#order, seed: this.#order.seed + round });
      this.#victim = victim;
      const fetching = victim.next('fetching');
      victim.start();
      const { imageId } = await fetching;
      const kill = () => this.#kill(victim, imageId);
      if (round % cleanEvery === 0) await this.#killAlone(kill);
      else await this.#killFollowed(kill, imageId, this.#workers[round % this.#workers.length] as ParticipantProcess);
      await pause(restMs, stopped);
    }
  }

  /** Stops after the current kill; {@link run} then resolves. */
  finish(): void {
    this.#stopping.abort();
  }

  /** Ends an interrupted run. Resolves when no victim is left. */
  async abandon(): Promise<void> {
    this.finish();
    await this.#victim?.stop();
  }

  async #kill(victim: ParticipantProcess, imageId: string): Promise<void> {
    await victim.kill();
    this.counts.kills += 1;
    addTo(this.#killedFetches, imageId, 1);
  }

  /** Kills while a worker follows, which must get the rest all the same. */
  async #killFollowed(kill: () => Promise<void>, imageId: string, worker: ParticipantProcess): Promise<void> {
    const following = worker.next('following');
    const hasItAll = worker.next('has it all');
    worker.send({ type: 'follow', imageId });
    await following;
    await kill();
    const diedMs = performance.now();
    if (!(await hasItAll).right) return;
    this.counts.takeOvers += 1;
    this.counts.slowestTakeOverMs = Math.max(this.counts.slowestTakeOverMs, performance.now() - diedMs);
  }

  /** Leaves work for the cleaner, unless a follower takes the image over first. */
  async #killAlone(kill: () => Promise<void>): Promise<void> {
    await kill();
    const answer = this.#cleaner.next('cleaned');
    this.#cleaner.send({ type: 'clean' });
    const { stalledReaped, invalidReaped } = (await answer).result;
    this.counts[stalledReaped > 0 ? 'cleanedUp' : 'takeOvers'] += 1;
    this.counts.cleanedUp += Math.max(0, stalledReaped - 1);
    this.counts.invalidReaped += invalidReaped;
  }
}
