/**
 * What `user.error` says of a write that failed: the error's code, if it has one, then its message, as a reader in
 * another process or another language can use it. The engine cuts it to 1,024 bytes.
 */
export function describeReason(reason: unknown): string {
  if (!(reason instanceof Error)) return toText(reason);
  const code = 'code' in reason && typeof reason.code === 'string' ? reason.code : undefined;
  const message = reason.message || reason.name;
  return code === undefined || message.startsWith(code) ? message : `${code}: ${message}`;
}

function toText(reason: unknown): string {
  try {
    return String(reason).toWellFormed();
  } catch {
    return 'unknown reason';
  }
}
