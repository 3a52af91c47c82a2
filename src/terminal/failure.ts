import { CommanderError } from 'commander';

import { textOf, withoutSecrets } from '../base/error-text.ts';
import { CliError, cliErrorCode, UsageError } from './cli-error.ts';
import { exitCode } from './exit-code.ts';

// The package's error classes register it. An import of the classes would load the addon, which help does not need.
const cacheErrorBrand = Symbol.for('xattr-cache.CacheError');

/** A failure as scripts receive it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof CommanderError)
    return { code: cliErrorCode.usage, message: withoutSecrets(messageOfCommander(error)) };
  const message = withoutSecrets(error instanceof Error ? error.message : String(error));
  const explained = error instanceof CliError || isCacheError(error);
  return { code: explained ? error.code : cliErrorCode.unexpected, message };
}

/**
 * Returns the reason of a failed request: `fetch()` fails with "fetch failed" or "terminated", and its cause has the
 * reason.
 */
export function reasonOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : { cause: undefined };
  return cause instanceof Error ? textOf(cause) : error instanceof Error ? error.message : String(error);
}

/** Returns true if the message is enough, and false if a stack trace is needed. */
export function isExplained(error: unknown): boolean {
  return error instanceof CliError || isCacheError(error);
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.wrongUsage;
  const wrongUsage = error instanceof UsageError || (isCacheError(error) && error.code === 'ERR_INVALID_IMAGE_ID');
  return wrongUsage ? exitCode.wrongUsage : exitCode.failed;
}

/** Returns the first error, if the clean-up after it failed, too. */
export function originOf(error: unknown): unknown {
  return error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error
    ? originOf(error.suppressed)
    : error;
}

/** Removes the prefix of a message of commander. */
export function withoutPrefix(message: string): string {
  return message.replace(/^error: /, '');
}

function messageOfCommander({ code, message }: CommanderError): string {
  return code === 'commander.help' ? 'no command was given' : withoutPrefix(message);
}

function isCacheError(error: unknown): error is Error & { readonly code: string } {
  return typeof error === 'object' && error !== null && cacheErrorBrand in error;
}
