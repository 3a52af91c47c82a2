import { type Command, CommanderError } from 'commander';

import { withoutSecrets } from '../base/error-text.ts';
import { describeFailure, exitCodeOf, isExplained, originOf } from './failure.ts';
import { endInterrupted, Interruption } from './interruption.ts';
import { printError, printJson, tolerateClosedOutput } from './output.ts';

/** Says what went wrong, and sets the exit code for it. */
async function reportFailure(error: unknown, json: boolean): Promise<void> {
  if (error instanceof Interruption) {
    endInterrupted(error);
    return;
  }
  process.exitCode = exitCodeOf(error);
  if (json && process.exitCode !== 0) await printJson({ error: describeFailure(error) });
  // Otherwise commander has printed its message (or the help, or the version: no failure) itself.
  else if (error instanceof CommanderError) return;
  // Its message has several lines, and names the package itself.
  else if (error instanceof Error && 'code' in error && error.code === 'ERR_NATIVE_LOAD')
    process.stderr.write(`${error.message}\n`);
  else if (isExplained(error)) printError(describeFailure(error).message);
  else process.stderr.write(`xattr-cache: ${withoutSecrets(String(error instanceof Error ? error.stack : error))}\n`);
}

/** Known before the arguments are parsed, since they may be wrong. What follows `--` are ids. */
function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? undefined : end).includes('--json');
}

/**
 * Runs the program that `load` returns with the arguments of this process, prints what fails, and sets the exit code.
 *
 * @param load imports the program; an addon that cannot be loaded is then reported like any other failure. With `quiet`,
 *   commander must print nothing on stderr
 */
export async function runProgram(load: (options: { readonly quiet: boolean }) => Promise<Command>): Promise<void> {
  tolerateClosedOutput();
  const json = asksForJson(process.argv.slice(2));
  try {
    const program = await load({ quiet: json });
    await program.parseAsync();
  } catch (error) {
    // Where stdout is what failed, stderr is left to say so.
    await reportFailure(originOf(error), json).catch((outputError) => printError(describeFailure(outputError).message));
  }
}
