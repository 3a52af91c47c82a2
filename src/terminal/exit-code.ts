/** What the command line's exit codes mean, to scripts as well as to people. */
export const exitCode = {
  done: 0,
  /** It failed, also if only in part. */
  failed: 1,
  wrongUsage: 2,
} as const;

/** The shell's convention for a process that a signal ended: 130 for Ctrl-C. */
export function exitCodeOfSignal(signalNumber: number): number {
  return 128 + signalNumber;
}
