import { type Command, CommanderError } from 'commander';

import { withoutSecrets } from '../base/error-text.ts';
import { describeFailure, exitCodeOf, isExplained, originOf } from './failure.ts';
import { endInterrupted, Interruption } from './interruption.ts';
import { printError, printJson, tolerateClosedOutput } from './output.ts';

/** Prints an error, and sets its exit code. */
async function reportFailure(error: unknown, json: boolean): Promise<void> {
  if (error instanceof Interruption) {
    endInterrupted(error);
    return;
  }
  process.exitCode = exitCodeOf(error);
  if (json && process.exitCode !== 0) await printJson({ error: describeFailure(error) });
  // Otherwise commander has printed its message itself, or the help or the version, which are no failures.
  else if (error instanceof CommanderError) return;
  // The message has several lines, and names the package itself.
  else if (error instanceof Error && 'code' in error && error.code === 'ERR_NATIVE_LOAD')
    process.stderr.write(`${error.message}\n`);
  else if (isExplained(error)) printError(describeFailure(error).message);
  else process.stderr.write(`xattr-cache: ${withoutSecrets(String(error instanceof Error ? error.stack : error))}\n`);
}

/** Looks for --json before the arguments are parsed, since they may be wrong. Arguments after `--` are ids. */
function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? undefined : end).includes('--json');
}

/**
 * Runs the program that `load` returns with the arguments of this process, prints its error, and sets the exit code.
 *
 * @param load imports the program; an addon that cannot be loaded is then reported like any other failure. With
 * `quiet`,
 *   commander must print nothing on stderr
 */
export async function runProgram(load: (options: { readonly quiet: boolean }) => Promise<Command>): Promise<void> {
  tolerateClosedOutput();
  const json = asksForJson(process.argv.slice(2));
  try {
    const program = await load({ quiet: json });
    await program.parseAsync();
  } catch (error) {
    // If stdout failed, only stderr is left for the report.
    await reportFailure(originOf(error), json).catch((outputError) => printError(describeFailure(outputError).message));
  }
}
