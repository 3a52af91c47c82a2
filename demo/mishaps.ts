import { addTo, type Counts } from './counts.ts';
import type { Order } from './messages.ts';
import { ParticipantProcess } from './participant-process.ts';
import { pause } from './waiting.ts';

/** What has become of the processes that were killed, and of the images that they were fetching. */
export interface MishapCounts {
  kills: number;
  /** Images whose followers got all bytes, although the process that fetched them was killed. */
  takeOvers: number;
  /** Images whose remains the cleaner removed. */
  cleanedUp: number;
  /** From the death of the one who fetched to a reader having all of the image, at worst. Milliseconds. */
  slowestTakeOverMs: number;
  /** Failed writes that the cleaner removed. */
  invalidReaped: number;
}

const restMs = 250;
/** Every so many dead processes one is left to the cleaner. */
const cleanEvery = 3;

/** Kills processes in the middle of a fetch, one after another, and sees to it that what they leave is settled. */
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

  /** How often each image was being fetched by a process when it was killed. */
  get killedFetches(): Counts {
    return this.#killedFetches;
  }

  /** Goes on until {@link finish}. */
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

  /** What has been begun is finished: {@link run} resolves when it is. */
  finish(): void {
    this.#stopping.abort();
  }

  /** For a run that is broken off. Resolves when no victim is left. */
  async abandon(): Promise<void> {
    this.finish();
    await this.#victim?.stop();
  }

  async #kill(victim: ParticipantProcess, imageId: string): Promise<void> {
    await victim.kill();
    this.counts.kills += 1;
    addTo(this.#killedFetches, imageId, 1);
  }

  /** While a worker reads along, which is to get the rest nevertheless. */
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
