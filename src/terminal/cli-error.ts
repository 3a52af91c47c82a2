import { hasCode } from '../base/error-facts.ts';

/**
 * Codes of the errors of a command-line program itself. docs/command-line.md explains them; the codes of the
 * cache are in docs/errors.md, those of the demo in demo/README.md.
 */
export const cliErrorCode = {
  usage: 'ERR_CLI_USAGE',
  /** The directory does not exist, or is no cache. */
  noCache: 'ERR_CLI_NO_CACHE',
  /** A file of the user, not of the cache. */
  file: 'ERR_CLI_FILE',
  /** The program's own stdout. */
  output: 'ERR_CLI_OUTPUT',
  /** Only a part was done. */
  partial: 'ERR_CLI_PARTIAL',
  /** Images were added, and may not be on disk. */
  checkpoint: 'ERR_CLI_CHECKPOINT',
  /** The user did not confirm. */
  declined: 'ERR_CLI_DECLINED',
  /** A bug. */
  unexpected: 'ERR_CLI_UNEXPECTED',
} as const;

/** A failure whose message needs no stack trace. */
export class CliError extends Error {
  static {
    CliError.prototype.name = 'CliError';
  }

  /** Stable code for scripts. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Wrong usage: exit code 2. */
export class UsageError extends CliError {
  static {
    UsageError.prototype.name = 'UsageError';
  }

  constructor(message: string) {
    super(cliErrorCode.usage, message);
  }
}

/** Returns true for the error of a file that does not exist. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}

/** Returns the error for a file of the user: `cannot read disk.img: ENOENT: no such file or directory`. */
export function fileError(action: string, path: string, error: unknown): CliError {
  const message = error instanceof Error ? error.message : String(error);
  // Node appends the system call and the path. The message already has the path.
  const reason = /^E[A-Z0-9]+: /.test(message) ? message.replace(/, \w+( '.*')?$/su, '') : message;
  return new CliError(cliErrorCode.file, `cannot ${action} ${path}: ${reason}`, { cause: error });
}
