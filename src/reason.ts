import { isError } from './error-facts.ts';

/** What `user.error` says of a writer that was dropped, or whose thread was terminated: nothing is wrong with the image. */
export const droppedReason = 'incomplete fetch';

/** Of an error whose cause has a cause, and so on: how many of them are told. */
const mostCauses = 5;

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

/** A text without the credentials, the query and the fragment of each URL in it: a signed URL is a key. */
export function withoutSecrets(text: string): string {
  return text.replace(
    /\b([a-z][a-z\d+.-]*:\/\/)(?:[^\s/?#]*@)?([^\s?#]*)([?#]\S*?(?=[.,:;)]*(?:\s|$)))?/gi,
    (_url, scheme: string, path: string, rest?: string) => `${scheme}${path}${rest === undefined ? '' : '?…'}`,
  );
}

/** `fetch()` says "fetch failed", and its cause says why. */
function describeError(error: Error): string {
  const code = codeOf(error);
  let text = textOf(error);
  if (code !== undefined && !text.startsWith(code)) text = `${code}: ${text}`;
  let { cause } = error;
  for (let told = 0; told < mostCauses && isError(cause); told++) {
    const message = textOf(cause);
    if (!text.includes(message)) text = `${text}: ${message}`;
    cause = cause.cause;
  }
  return text;
}

/** Of an error without a message that has several reasons, as where a host has several addresses, all of them. */
export function textOf(error: Error): string {
  if (error.message) return String(error.message);
  const errors: unknown = 'errors' in error ? error.errors : [];
  const messages = Array.isArray(errors) ? errors.filter(isError).map(({ message }) => message) : [];
  return messages.join(', ') || codeOf(error) || String(error.name);
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
