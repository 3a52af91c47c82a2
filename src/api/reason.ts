import { isError } from '../base/error-facts.ts';
import { describeError, withoutSecrets } from '../base/error-text.ts';

/** What `user.error` says of a writer that was dropped, or whose thread was terminated: nothing is wrong with the image. */
export const droppedReason = 'incomplete fetch';

/**
 * The reason of a roll-back after an error. An abort says nothing of the image: its followers must go on without the
 * writer that was aborted.
 */
export function rollbackReason(error: unknown, ...signals: readonly (AbortSignal | undefined)[]): unknown {
  return signals.some((signal) => signal?.aborted) || isAbort(error) ? droppedReason : error;
}

function isAbort(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
}

/**
 * What `user.error` says of a write that failed: the error's code, if it has one, then its message and those of its
 * causes, as a reader in another process or another language can use it. What may be secret in a URL is left out. The
 * engine cuts it to 1,024 bytes.
 */
export function describeReason(reason: unknown): string {
  try {
    return withoutSecrets(isError(reason) ? describeError(reason) : String(reason)).toWellFormed();
  } catch {
    return 'unknown reason'; // One that throws when it is looked at.
  }
}
