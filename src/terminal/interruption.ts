import { constants } from 'node:os';

export { untilAborted } from '../base/on-abort.ts';

import { exitCodeOfSignal } from './exit-code.ts';

type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

const endingSignals: readonly EndingSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Time in milliseconds for a process to end by itself after its command has cleaned up. */
const exitTimeoutMs = 300;

/** The interruption of a command by Ctrl-C, by `kill`, or by the end of its terminal. */
export class Interruption extends Error {
  readonly signal: NodeJS.Signals;
  readonly exitCode: number;

  constructor(signal: EndingSignal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
    this.exitCode = exitCodeOfSignal(constants.signals[signal]);
  }
}

/**
 * Runs a command, or a part of one, that can be interrupted. Ctrl-C and similar signals abort its `AbortSignal` with
 * an {@link Interruption}; the command must then clean up and throw.
 *
 * A second Ctrl-C has no effect. npm forwards to its child the signal that the terminal has already sent there, so a
 * single key press arrives twice.
 */
export async function interruptible<T>(command: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => abort.abort(new Interruption(signal as EndingSignal));
  for (const signal of endingSignals) process.on(signal, onSignal);
  try {
    return await command(abort.signal);
  } catch (error) {
    // An interrupted operation fails with various errors, mostly an AbortError.
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    for (const signal of endingSignals) process.off(signal, onSignal);
  }
}

/**
 * Ends the process after an interruption. During a read in the thread pool, of a fifo without a writer or of a lost
 * network, a process ends neither by itself nor by `process.exit()`, which waits for the read. Then the default action
 * of the signal ends it, which is the same to a shell.
 */
export function endInterrupted({ signal, exitCode }: Interruption): void {
  process.exitCode = exitCode;
  setTimeout(() => process.kill(process.pid, signal), exitTimeoutMs).unref();
}
