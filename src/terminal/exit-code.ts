/** Exit codes of the command line. */
export const exitCode = {
  done: 0,
  /** All or a part failed. */
  failed: 1,
  wrongUsage: 2,
} as const;

/** Returns the shell's exit code for a process that a signal ended, for example 130 for Ctrl-C. */
export function exitCodeOfSignal(signalNumber: number): number {
  return 128 + signalNumber;
}
