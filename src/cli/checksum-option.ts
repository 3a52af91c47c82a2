import { UsageError } from '../terminal/cli-error.ts';

/** Converts an argument error of the cache to an error of usage. Only the checksum can be a wrong argument. */
export function asChecksumError(error: unknown): unknown {
  const isArgument = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_INVALID_ARG');
  return isArgument ? new UsageError(`--checksum: ${error.message}`) : error;
}
