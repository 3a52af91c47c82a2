#!/usr/bin/env node
import { readFileSync } from 'node:fs';

import { Command, CommanderError } from 'commander';

import { CacheError } from '../errors.ts';
import { CliError, UsageError } from './cli-error.ts';
import { addDemoCommand } from './demo/command.ts';
import { exitCode } from './exit-code.ts';
import { Interruption } from './interruption.ts';
import { tolerateClosedOutput } from './output.ts';

function createProgram(): Command {
  const manifest = JSON.parse(readFileSync(`${import.meta.dirname}/../../package.json`, 'utf8'));
  const program = new Command('xattr-cache')
    .description('A disk cache for large immutable blobs, shared by any number of processes.')
    .version(manifest.version)
    .exitOverride()
    .showHelpAfterError('(--help says what there is)');
  addDemoCommand(program);
  return program;
}

/** What failed first, if cleaning up after it has failed as well. */
function originOf(error: unknown): unknown {
  return error instanceof Error && error.name === 'SuppressedError' && 'suppressed' in error
    ? originOf(error.suppressed)
    : error;
}

/** Says what went wrong and returns the exit code for it. */
function reportFailure(error: unknown, json: boolean): number {
  // Commander has printed its message (or the help, or the version: no failure) itself.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.wrongUsage;
  if (error instanceof Interruption) return error.exitCode;

  const explained = error instanceof CliError || CacheError.is(error);
  if (json) {
    const code = explained ? error.code : 'ERR_CLI_UNEXPECTED';
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${JSON.stringify({ error: { code, message } })}\n`);
  } else if (explained) {
    process.stderr.write(`xattr-cache: ${error.message}\n`);
  } else {
    process.stderr.write(`xattr-cache: ${error instanceof Error ? error.stack : String(error)}\n`);
  }
  return error instanceof UsageError ? exitCode.wrongUsage : exitCode.failed;
}

tolerateClosedOutput();
try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = reportFailure(originOf(error), process.argv.includes('--json'));
}
