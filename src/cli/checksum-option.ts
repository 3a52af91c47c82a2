import { UsageError } from '../terminal/cli-error.ts';

/** Returns an error of the cache about an argument as one of usage: the checksum is the only argument that it cannot use. */
export function asChecksumError(error: unknown): unknown {
  const isArgument = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_INVALID_ARG');
  return isArgument ? new UsageError(`--checksum: ${error.message}`) : error;
}
