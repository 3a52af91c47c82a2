import { CommanderError } from 'commander';

import { CacheError } from '../errors.ts';
import { CliError, cliErrorCode, UsageError } from './cli-error.ts';
import { exitCode } from './exit-code.ts';

/** What went wrong, as scripts get it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof CommanderError) return { code: cliErrorCode.usage, message: messageOfCommander(error) };
  const message = error instanceof Error ? error.message : String(error);
  const explained = error instanceof CliError || CacheError.is(error);
  return { code: explained ? error.code : cliErrorCode.unexpected, message };
}

/** Whether the message says enough; otherwise a stack trace is wanted. */
export function isExplained(error: unknown): boolean {
  return error instanceof CliError || CacheError.is(error);
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.wrongUsage;
  const wrongUsage = error instanceof UsageError || (CacheError.is(error) && error.code === 'ERR_INVALID_IMAGE_ID');
  return wrongUsage ? exitCode.wrongUsage : exitCode.failed;
}

/** What failed first, if cleaning up after it has failed as well. */
export function originOf(error: unknown): unknown {
  return error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error
    ? originOf(error.suppressed)
    : error;
}

function messageOfCommander({ code, message }: CommanderError): string {
  return code === 'commander.help' ? 'no command was given' : message.replace(/^error: /, '');
}
