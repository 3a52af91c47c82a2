import type { Checksum } from '../index.ts';
import { UsageError } from '../terminal/cli-error.ts';

/** `sha256-BASE64`, as package locks and web pages have it, or `sha256:HEX`, as `sha256sum` prints it. */
export function parseChecksum(text: string): Checksum {
  const [, algorithm, hex] = /^([\w-]+):([0-9a-f]+)$/i.exec(text) ?? [];
  return algorithm && hex ? { algorithm, hex } : text;
}

/** An error of the cache about an argument, as one of usage: the checksum is the only argument that it cannot use. */
export function asChecksumError(error: unknown): unknown {
  const isArgument = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_INVALID_ARG');
  return isArgument ? new UsageError(`--checksum: ${error.message}`) : error;
}
