#!/usr/bin/env node
import { CommanderError } from 'commander';

import { NativeLoadError } from '../errors.ts';
import { describeFailure, exitCodeOf, isExplained, originOf } from './failure.ts';
import { endInterrupted, Interruption } from './interruption.ts';
import { printJson, tolerateClosedOutput } from './output.ts';
import { printError } from './report.ts';

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
  // Of several lines, and of nothing that somebody else could have named.
  else if (error instanceof NativeLoadError) process.stderr.write(`${error.message}\n`);
  else if (isExplained(error)) printError(describeFailure(error).message);
  else process.stderr.write(`xattr-cache: ${error instanceof Error ? error.stack : String(error)}\n`);
}

/** Known before the arguments are parsed, since they may be wrong. What follows `--` are ids. */
function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? undefined : end).includes('--json');
}

tolerateClosedOutput();
const json = asksForJson(process.argv.slice(2));
try {
  // Here, so that an addon that cannot be loaded is reported like any other failure.
  const { createProgram } = await import('./program.ts');
  await createProgram({ quiet: json }).parseAsync();
} catch (error) {
  // Where stdout is what failed, stderr is left to say so.
  await reportFailure(originOf(error), json).catch((outputError) => printError(describeFailure(outputError).message));
}
