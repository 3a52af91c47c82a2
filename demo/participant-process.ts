import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { CliError } from '#terminal/cli-error';
import type { Message, MessageFromProcess, MessageToProcess, Order, Report } from './messages.ts';
import { emptyTally, type Tally } from './tally.ts';

/** Time for a process to finish its work and to end. */
const stopTimeoutMs = 10_000;

/** A process of the demo, as its parent sees it. */
export class ParticipantProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #exited: Promise<void>;
  readonly #failed: Promise<never>;
  #tally: Readonly<Tally> = emptyTally();
  /** Resolves when it has opened the cache and waits for {@link start}. */
  readonly ready: Promise<unknown>;
  /** Its report, after {@link stop}. */
  readonly report: Promise<Report>;

  constructor(name: string, order: Order) {
    this.#name = name;
    this.#child = fork(`${import.meta.dirname}/participant-main.js`, {
      execArgv: [],
      // Structured clones: a report holds maps.
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#exited = new Promise((resolve) => this.#child.once('close', () => resolve()));
    this.#failed = this.#untilFailure();
    this.#child.on('message', (message: MessageFromProcess) => {
      if (message.type === 'progress') this.#tally = message.tally;
    });
    this.ready = this.next('ready');
    this.report = this.next('report').then(({ report }) => report);
    this.report.catch(() => {});
    this.send({ type: 'prepare', order });
  }

  /** Its last report of progress. */
  get tally(): Readonly<Tally> {
    return this.#tally;
  }

  send(message: MessageToProcess): void {
    // An error means that the process is dead, which is noticed elsewhere.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  start(): void {
    this.send({ type: 'start' });
  }

  /** Resolves to the next message of a type. Rejects if the process fails or ends before; may be ignored. */
  next<T extends MessageFromProcess['type']>(type: T): Promise<Message<T>> {
    const message = new Promise<Message<T>>((resolve) => {
      const listener = (received: MessageFromProcess) => {
        if (received.type !== type) return;
        this.#child.off('message', listener);
        resolve(received as Message<T>);
      };
      this.#child.on('message', listener);
    });
    const next = Promise.race([message, this.#failed]);
    next.catch(() => {});
    return next;
  }

  /**
   * Lets the process finish, and kills it if that takes too long. Idempotent.
   *
   * @returns whether it ended by itself
   */
  async stop(): Promise<boolean> {
    this.send({ type: 'stop' });
    const waiting = new AbortController();
    const timeout = sleep(stopTimeoutMs, 'timeout', { signal: waiting.signal }).catch(() => {});
    const endedByItself = (await Promise.race([this.#exited, timeout])) !== 'timeout';
    waiting.abort();
    if (!endedByItself) await this.kill();
    return endedByItself;
  }

  /** Kills the process, and resolves when it is dead. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** The end of the process fails every caller that still waits for a message. */
  #untilFailure(): Promise<never> {
    return new Promise((_resolve, reject) => {
      this.#child.on('message', (message: MessageFromProcess) => {
        if (message.type === 'failed') reject(this.#failure(message.reason));
      });
      this.#child.once('error', (error) => reject(this.#failure(error.message)));
      // `close`, not `exit`: all messages have been received by then.
      this.#child.once('close', (code, signal) => {
        reject(this.#failure(signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`));
      });
    });
  }

  #failure(reason: string): CliError {
    return new CliError('ERR_DEMO_WORKER', `${this.#name} (process ${this.#child.pid}) failed: ${reason}`);
  }
}
