/**
 * Runs an action and ignores its errors, for example of a caller's callback or of a clean-up after another error. If
 * the action returns a promise, its rejection is ignored, too.
 */
export function ignoreErrors(action: () => unknown): void {
  try {
    const result = action();
    if (result !== undefined) Promise.resolve(result).catch(() => {});
  } catch {
    // Ignored, as documented.
  }
}
