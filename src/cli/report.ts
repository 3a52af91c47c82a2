import { CliError, cliErrorCode } from '../terminal/cli-error.ts';
import { exitCode } from '../terminal/exit-code.ts';
import { describeFailure, type Failure } from '../terminal/failure.ts';
import { formatCountOf } from '../terminal/format.ts';
import { printError, printJson, printLines } from '../terminal/output.ts';
import { printableId } from '../terminal/printable.ts';

/** What a command has to say. */
export interface Report {
  /** For `--json`. */
  readonly json: object;
  /** Lines for people, with nothing in them that a terminal must not get. */
  readonly text: Iterable<string>;
  /** The images for which it failed, while it went on with the others. */
  readonly failed?: readonly FailedImage[];
  /** If not all was done. */
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

/** What `failed` comes to; undefined if it is empty. */
export function failureOf(failed: readonly FailedImage[], attempted: number): CliError | undefined {
  if (failed.length === 0) return undefined;
  return new CliError(cliErrorCode.partial, `${failed.length} of ${formatCountOf(attempted, 'image')} failed`);
}
