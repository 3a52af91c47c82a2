import { isError } from './error-facts.ts';

/** Of an error whose cause has a cause, and so on: how many of them are told. */
const mostCauses = 5;

/**
 * Returns the code of an error, if it has one, then its message and those of its causes: `fetch()` says "fetch failed", and
 * its cause says why.
 */
export function describeError(error: Error): string {
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

/** A text without the credentials, the query and the fragment of each URL in it: a signed URL is a key. */
export function withoutSecrets(text: string): string {
  return text.replace(
    /\b([a-z][a-z\d+.-]*:\/\/)(?:[^\s/?#]*@)?([^\s?#]*)([?#]\S*?(?=[.,:;)]*(?:\s|$)))?/gi,
    (_url, scheme: string, path: string, rest?: string) => `${scheme}${path}${rest === undefined ? '' : '?…'}`,
  );
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
