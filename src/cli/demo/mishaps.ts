import type { Order } from './messages.ts';
import { ParticipantProcess } from './participant-process.ts';
import { pause } from './waiting.ts';

/** What has become of the processes that were killed, and of the images that they were writing. */
export interface MishapCounts {
  kills: number;
  /** Images that another process wrote after that. */
  takeOvers: number;
  /** Images whose remains the cleaner removed. */
  cleanedUp: number;
  /** From the death of the writer to the image being cached, at worst. Milliseconds. */
  slowestTakeOverMs: number;
  /** Failed writes that the cleaner removed. */
  invalidReaped: number;
}

const restMs = 250;
/** Every so many dead writers one is left to the cleaner. */
const cleanEvery = 3;

/** Kills processes in the middle of a write, one after another, and sees to it that what they leave is settled. */
export class Mishaps {
  readonly counts: MishapCounts = { kills: 0, takeOvers: 0, cleanedUp: 0, slowestTakeOverMs: 0, invalidReaped: 0 };
  readonly #order: Order;
  readonly #workers: readonly ParticipantProcess[];
  readonly #cleaner: ParticipantProcess;
  readonly #stopping = new AbortController();
  #victim: ParticipantProcess | undefined;

  constructor(order: Order, workers: readonly ParticipantProcess[], cleaner: ParticipantProcess) {
    this.#order = order;
    this.#workers = workers;
    this.#cleaner = cleaner;
  }

  /** Goes on until {@link finish}. */
  async run(): Promise<void> {
    const stopped = this.#stopping.signal;
    for (let round = 1; !stopped.aborted; round++) {
      const imageId = await this.#killWriter(round);
      await this.#settle(imageId, round);
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

  /** @returns the image that the victim was in the middle of. */
  async #killWriter(round: number): Promise<string> {
    const victim = new ParticipantProcess(`victim ${round}`, { ...this.#order, seed: this.#order.seed + round });
    this.#victim = victim;
    const writing = victim.next('writing');
    victim.start();
    const { imageId } = await writing;
    await victim.kill();
    this.counts.kills += 1;
    return imageId;
  }

  async #settle(imageId: string, round: number): Promise<void> {
    if (round % cleanEvery === 0 && (await this.#clean())) return;
    // A worker may miss the image by itself before the cleaner or the one that is told gets to it: all the better.
    const worker = this.#workers[round % this.#workers.length] as ParticipantProcess;
    const diedMs = performance.now();
    const answer = worker.next('taken over');
    worker.send({ type: 'take over', imageId });
    if (!(await answer).done) return;
    this.counts.takeOvers += 1;
    this.counts.slowestTakeOverMs = Math.max(this.counts.slowestTakeOverMs, performance.now() - diedMs);
  }

  /** @returns whether there was a dead writer. */
  async #clean(): Promise<boolean> {
    const answer = this.#cleaner.next('cleaned');
    this.#cleaner.send({ type: 'clean' });
    const { stalledReaped, invalidReaped } = (await answer).result;
    this.counts.cleanedUp += stalledReaped;
    this.counts.invalidReaped += invalidReaped;
    return stalledReaped > 0;
  }
}
