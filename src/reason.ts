import { isError } from './error-facts.ts';

/** What `user.error` says of a writer that was dropped, or whose thread was terminated: nothing is wrong with the image. */
export const droppedReason = 'incomplete fetch';

/**
 * What `user.error` says of a write that failed: the error's code, if it has one, then its message, as a reader in
 * another process or another language can use it. The engine cuts it to 1,024 bytes.
 */
export function describeReason(reason: unknown): string {
  try {
    return (isError(reason) ? describeError(reason) : String(reason)).toWellFormed();
  } catch {
    return 'unknown reason'; // One that throws when it is looked at.
  }
}

function describeError(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const message = String(error.message || error.name);
  return code === undefined || message.startsWith(code) ? message : `${code}: ${message}`;
}
