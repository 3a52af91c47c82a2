import { hasCode } from '../base/error-facts.ts';

/**
 * Codes of the errors that a command-line program itself fails with. docs/command-line.md explains them; the codes of the
 * cache are in docs/errors.md, those of the demo in demo/README.md.
 */
export const cliErrorCode = {
  usage: 'ERR_CLI_USAGE',
  /** The directory is not there, or holds something else. */
  noCache: 'ERR_CLI_NO_CACHE',
  /** A file of the user's, not of the cache. */
  file: 'ERR_CLI_FILE',
  /** Our own stdout. */
  output: 'ERR_CLI_OUTPUT',
  /** Some of it was done. */
  partial: 'ERR_CLI_PARTIAL',
  /** The answer to a question was no. */
  declined: 'ERR_CLI_DECLINED',
  /** A bug. */
  unexpected: 'ERR_CLI_UNEXPECTED',
} as const;

/** A failure that its message explains in full, so that nobody needs a stack trace. */
export class CliError extends Error {
  static {
    CliError.prototype.name = 'CliError';
  }

  /** Stable; scripts branch on it. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What was asked for cannot be meant: exit code 2. */
export class UsageError extends CliError {
  static {
    UsageError.prototype.name = 'UsageError';
  }

  constructor(message: string) {
    super(cliErrorCode.usage, message);
  }
}

/** Whether a file is not there. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}

/** What the system says of a file of the user's: `cannot read disk.img: ENOENT: no such file or directory`. */
export function fileError(action: string, path: string, error: unknown): CliError {
  const message = error instanceof Error ? error.message : String(error);
  // Node adds the system call and the path, which is named already.
  const reason = /^E[A-Z0-9]+: /.test(message) ? message.replace(/, \w+( '.*')?$/su, '') : message;
  return new CliError(cliErrorCode.file, `cannot ${action} ${path}: ${reason}`, { cause: error });
}
