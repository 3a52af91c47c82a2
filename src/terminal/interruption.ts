import { constants } from 'node:os';

export { untilAborted } from '../base/on-abort.ts';

import { exitCodeOfSignal } from './exit-code.ts';

type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

const endingSignals: readonly EndingSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** How long a process whose command has cleaned up is given to end by itself. */
const patienceMs = 300;

/** Why a command was ended before its time: Ctrl-C, `kill`, or a terminal that was closed. */
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
 * Runs a command that can be ended: on Ctrl-C and its like the `AbortSignal` is aborted with an {@link Interruption},
 * and the command is to clean up and throw.
 *
 * A second Ctrl-C changes nothing: npm forwards to its child the one that the terminal has already sent there, so a
 * single key press arrives twice.
 */
export async function interruptible(command: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const abort = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => abort.abort(new Interruption(signal as EndingSignal));
  for (const signal of endingSignals) process.on(signal, onSignal);
  try {
    await command(abort.signal);
  } catch (error) {
    // What fails because it was interrupted says so in many ways: an AbortError, mostly.
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    for (const signal of endingSignals) process.off(signal, onSignal);
  }
}

/**
 * Ends the process after an interruption. With a read of a fifo that nobody writes, or of a network that has gone, under
 * way in the thread pool, a process neither ends by itself nor by `process.exit()`, which waits for it: then the signal
 * does what it does by default, which to a shell is the same.
 */
export function endInterrupted({ signal, exitCode }: Interruption): void {
  process.exitCode = exitCode;
  setTimeout(() => process.kill(process.pid, signal), patienceMs).unref();
}
