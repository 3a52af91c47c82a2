/** Runs what cleans up after an error, which is the one to report. */
export function ignoreErrors(action: () => void): void {
  try {
    action();
  } catch {
    // As was said.
  }
}
