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
    super('ERR_CLI_USAGE', message);
  }
}
