import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { CliError } from '../cli-error.ts';
import type { MessageFromWorker, MessageToWorker, WorkOrder, WorkReport } from './messages.ts';
import { emptyTally, type Tally } from './tally.ts';

/** How long a worker may take to finish what it has begun and to end. */
const stopTimeoutMs = 10_000;

/** One worker, seen from the process that started it. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  #tally: Readonly<Tally> = emptyTally();
  /** When it has opened the cache and waits for {@link start}. Rejects if it dies before. */
  readonly ready: Promise<void>;
  /** What it has done, after {@link stop}. Rejects if it dies before it has reported. */
  readonly report: Promise<WorkReport>;
  readonly #exited: Promise<void>;

  constructor(order: WorkOrder) {
    this.#name = `worker ${order.worker + 1} of ${order.workers}`;
    this.#child = fork(`${import.meta.dirname}/worker.js`, {
      execArgv: [],
      // Structured clones: a report holds maps.
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#exited = new Promise((resolve) => this.#child.once('close', () => resolve()));
    const failed = this.#untilFailure();
    this.ready = Promise.race([this.#untilReady(), failed]);
    this.report = Promise.race([this.#untilReport(), failed]);
    // Whoever waits for one of them gets its error; that nobody does, say after Ctrl-C, is no error.
    this.ready.catch(() => {});
    this.report.catch(() => {});
    this.#send({ type: 'prepare', order });
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  /** The last that it told of its progress. */
  get tally(): Readonly<Tally> {
    return this.#tally;
  }

  start(): void {
    this.#send({ type: 'start' });
  }

  /**
   * Lets it finish, and kills it if that takes too long. Idempotent.
   *
   * @returns when it has ended: whether it did so by itself.
   */
  async stop(): Promise<boolean> {
    this.#send({ type: 'stop' });
    const waiting = new AbortController();
    const timeout = sleep(stopTimeoutMs, 'timeout', { signal: waiting.signal }).catch(() => {});
    const endedByItself = (await Promise.race([this.#exited, timeout])) !== 'timeout';
    waiting.abort();
    if (!endedByItself) this.#child.kill('SIGKILL');
    await this.#exited;
    return endedByItself;
  }

  #send(message: MessageToWorker): void {
    // An error means that it is dead, which is noticed elsewhere.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #untilReady(): Promise<void> {
    return new Promise((resolve) => {
      this.#child.on('message', (message: MessageFromWorker) => {
        if (message.type === 'ready') resolve();
        if (message.type === 'progress') this.#tally = message.tally;
      });
    });
  }

  #untilReport(): Promise<WorkReport> {
    return new Promise((resolve) => {
      this.#child.on('message', (message: MessageFromWorker) => {
        if (message.type === 'report') resolve(message.report);
      });
    });
  }

  /** Its end is a failure to whoever still waits for something from it. */
  #untilFailure(): Promise<never> {
    return new Promise((_resolve, reject) => {
      this.#child.on('message', (message: MessageFromWorker) => {
        if (message.type === 'failed') reject(this.#failure(message.reason));
      });
      this.#child.once('error', (error) => reject(this.#failure(error.message)));
      // `close`, not `exit`: what it sent before its end has been received by then.
      this.#child.once('close', (code, signal) => {
        reject(this.#failure(signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`));
      });
    });
  }

  #failure(reason: string): CliError {
    return new CliError('ERR_DEMO_WORKER', `${this.#name} (process ${this.#child.pid}) failed: ${reason}`);
  }
}
