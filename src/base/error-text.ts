import { isError } from './error-facts.ts';

/** Largest number of causes in the text of an error. */
const mostCauses = 5;

/**
 * Returns the code of an error, if it has one, then its message and those of its causes. For example, `fetch()` fails
 * with "fetch failed", and only its cause has the reason.
 */
export function describeError(error: Error): string {
  const code = codeOf(error);
  let text = textOf(error);
  if (code !== undefined && !text.startsWith(code)) text = `${code}: ${text}`;
  let { cause } = error;
  for (let count = 0; count < mostCauses && isError(cause); count++) {
    const message = textOf(cause);
    if (!text.includes(message)) text = `${text}: ${message}`;
    cause = cause.cause;
  }
  return text;
}

/** Returns the message of an error, or else those of its inner errors, as of a host with several addresses. */
export function textOf(error: Error): string {
  if (error.message) return String(error.message);
  const errors: unknown = 'errors' in error ? error.errors : [];
  const messages = Array.isArray(errors) ? errors.filter(isError).map(({ message }) => message) : [];
  return messages.join(', ') || codeOf(error) || String(error.name);
}

/** Returns a text without the credentials, the query and the fragment of each URL in it: a signed URL is a secret. */
export function withoutSecrets(text: string): string {
  return text.replace(
    /\b([a-z][a-z\d+.-]*:\/\/)(?:[^\s/?#]*@)?([^\s?#]*)([?#]\S*?(?=[.,:;)]*(?:\s|$)))?/gi,
    (_url, scheme: string, path: string, rest?: string) => `${scheme}${path}${rest === undefined ? '' : '?…'}`,
  );
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
