import { CliError, cliErrorCode } from '../terminal/cli-error.ts';
import { exitCode } from '../terminal/exit-code.ts';
import { describeFailure, type Failure } from '../terminal/failure.ts';
import { formatCountOf } from '../terminal/format.ts';
import { printError, printJson, printLines } from '../terminal/output.ts';
import { printableId } from '../terminal/printable.ts';

/** The output of a command. */
export interface Report {
  /** Object that `--json` prints. */
  readonly json: object;
  /** Lines for people, printable on a terminal. */
  readonly text: Iterable<string>;
  /** Images that failed, while the command went on with the others. */
  readonly failed?: readonly FailedImage[];
  /** Error of a command that was not done completely. */
  readonly failure?: Error | undefined;
}

export interface FailedImage {
  readonly imageId: string;
  readonly error: Failure;
}

/** Prints a report, and sets the exit code if not all was done. */
export async function printReport({ json, text, failed = [], failure }: Report, asJson = false): Promise<void> {
  if (failure) process.exitCode = exitCode.failed;
  if (asJson) {
    await printJson(failure ? { ...json, error: describeFailure(failure) } : json);
    return;
  }
  await printLines(text);
  for (const { imageId, error } of failed) printError(`${printableId(imageId)}: ${error.message} (${error.code})`);
  if (failure) printError(failure.message);
}

export function failedImage(imageId: string, error: unknown): FailedImage {
  return { imageId, error: describeFailure(error) };
}

/** Returns the error for the failed images; undefined if there are none. */
export function failureOf(failed: readonly FailedImage[], attempted: number): CliError | undefined {
  if (failed.length === 0) return undefined;
  return new CliError(cliErrorCode.partial, `${failed.length} of ${formatCountOf(attempted, 'image')} failed`);
}
