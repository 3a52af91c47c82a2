import { setTimeout as sleep } from 'node:timers/promises';

import { CliError } from '../cli-error.ts';
import type { WorkOrder, WorkReport } from './messages.ts';
import { sumOfTallies, type Tally } from './tally.ts';
import { WorkerProcess } from './worker-process.ts';

/** The worker processes of one run: started together, and stopped together if one of them fails. */
export class Workers {
  readonly #processes: readonly WorkerProcess[];

  constructor(order: Omit<WorkOrder, 'worker'>) {
    this.#processes = Array.from({ length: order.workers }, (_, worker) => new WorkerProcess({ ...order, worker }));
  }

  get tally(): Tally {
    return sumOfTallies(this.#processes.map(({ tally }) => tally));
  }

  /** Lets them work for a while, from a common start on. Rejects as soon as one fails, or if it is interrupted. */
  async work(seconds: number, signal: AbortSignal): Promise<WorkReport[]> {
    await Promise.race([Promise.all(this.#processes.map(({ ready }) => ready)), untilAborted(signal)]);
    for (const process of this.#processes) process.start();

    const reports = Promise.all(this.#processes.map(({ report }) => report));
    // Unreferenced, so that it keeps nobody waiting if a worker fails.
    await Promise.race([sleep(seconds * 1000, undefined, { signal, ref: false }), reports]);
    const ended = await this.stop();
    if (!ended) throw new CliError('ERR_DEMO_WORKER', 'a worker did not end when it was told to, and was killed');
    return reports;
  }

  /** Resolves when all have ended. @returns whether they all did so by themselves. */
  async stop(): Promise<boolean> {
    const ended = await Promise.all(this.#processes.map((process) => process.stop()));
    return ended.every(Boolean);
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
