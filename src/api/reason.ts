import { isError } from '../base/error-facts.ts';
import { describeError, withoutSecrets } from '../base/error-text.ts';

/** Text of `user.error` after a writer was dropped or its thread terminated. Nothing is wrong with the image. */
export const droppedReason = 'incomplete fetch';

/**
 * Returns the reason of a roll-back after an error. An abort is no fault of the image, so its followers must go on
 * without the aborted writer.
 */
export function rollbackReason(error: unknown, ...signals: readonly (AbortSignal | undefined)[]): unknown {
  return signals.some((signal) => signal?.aborted) || isAbort(error) ? droppedReason : error;
}

function isAbort(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
}

/**
 * Returns the text of `user.error` for a failed write: the error's code, if it has one, then its message and those of
 * its causes. Readers in other processes and languages use it. Secrets in URLs are left out. The engine cuts the text
 * to 1,024 bytes.
 */
export function describeReason(reason: unknown): string {
  try {
    return withoutSecrets(isError(reason) ? describeError(reason) : String(reason)).toWellFormed();
  } catch {
    return 'unknown reason'; // An object whose properties throw.
  }
}
