import { existsSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { Command } from 'commander';

import { CliError, UsageError } from '#terminal/cli-error';
import { exitCode } from '#terminal/exit-code';
import { type Failure, withoutPrefix } from '#terminal/failure';
import { interruptible } from '#terminal/interruption';
import { countOption, positiveSizeOption, secondsOption } from '#terminal/option-parsers';
import { printJson } from '#terminal/output';
import { printableLines } from '#terminal/printable';
import type { Summary } from './figures.ts';
import { liveDisplay, silentDisplay } from './live-display.ts';
import { printReport } from './report.ts';
import { summarize } from './summary.ts';

/** The options as commander returns them. */
interface Options {
  readonly source?: string;
  readonly dir?: string;
  readonly maxSize?: number;
  readonly workers: number;
  readonly seconds: number;
  readonly json?: true;
}

/** Returns the demo's command line. With `quiet`, commander prints no errors. */
export function createProgram({ quiet }: { readonly quiet: boolean }): Command {
  const program = new Command('npm start --')
    .description(
      'Fetches real files through a cache in several processes, kills some of them, and checks every byte, hit and fetch.',
    )
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .option('--source <dir>', "directory of the files to cache (default: the project's node_modules)")
    .option('--dir <dir>', 'cache directory, which is kept (default: a temporary directory)')
    .option(
      '--max-size <size>',
      'limit of the cache, for example 500MiB (default: a quarter of the files)',
      positiveSizeOption,
    )
    .option('--workers <n>', 'number of processes that read', countOption(2, 64), 4)
    .option('--seconds <n>', 'least duration in seconds', secondsOption(86_400), 8)
    .option('--json', 'print one JSON object')
    .action((options: Options) => interruptible((signal) => demo(options, signal)));
  program.configureOutput({
    outputError: (text, write) => write(`xattr-cache: ${printableLines(withoutPrefix(text))}`),
  });
  if (quiet) program.configureOutput({ writeErr: () => {} });
  return program;
}

async function demo(options: Options, signal: AbortSignal): Promise<void> {
  const source = resolve(options.source ?? nearestNodeModules());
  assertApart(source, options.dir);
  const display = canBeDrawnOn(process.stderr) && !options.json ? liveDisplay(process.stderr) : silentDisplay;
  const { maxSize, dir, workers, seconds } = options;

  // Imported late: help and wrong usage need no engine, and a failure to load it is reported like any other.
  const { runDemo } = await import('./run.ts');
  const summary = summarize(await runDemo({ source, dir, maxSize, workers, seconds }, display, signal));
  process.exitCode = summary.ok ? exitCode.done : exitCode.failed;
  if (options.json) await printJson(summary.ok ? summary : { ...summary, error: failureOf(summary) });
  else await printReport(summary);
}

function failureOf({ problems }: Summary): Failure {
  return { code: 'ERR_DEMO_WRONG', message: problems.join('; ') };
}

function canBeDrawnOn(stream: NodeJS.WriteStream): boolean {
  const { TERM } = process.env;
  return stream.isTTY && TERM !== 'dumb';
}

/** The project's own `node_modules`. */
function nearestNodeModules(): string {
  for (let dir = import.meta.dirname; dir !== dirname(dir); dir = dirname(dir)) {
    const path = join(dir, 'node_modules');
    if (existsSync(path)) return path;
  }
  throw new CliError(
    'ERR_DEMO_SOURCE',
    'there is no node_modules to take files from. Run `npm ci`, or give --source DIR.',
  );
}

/** A cache inside of its source directory would be a source in the next run. */
function assertApart(source: string, dir: string | undefined): void {
  if (dir === undefined || !`${resolve(dir)}${sep}`.startsWith(`${source}${sep}`)) return;
  throw new UsageError(
    `--dir ${dir} lies in --source ${source}: the cache would be its own source. Choose another one.`,
  );
}
