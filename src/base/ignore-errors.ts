/**
 * Runs an action whose errors are of no interest, such as a caller's callback, or what cleans up after an error which is
 * the one to report. If the action returns a promise, its rejection is ignored, too.
 */
export function ignoreErrors(action: () => unknown): void {
  try {
    const result = action();
    if (result !== undefined) Promise.resolve(result).catch(() => {});
  } catch {
    // As documented.
  }
}
