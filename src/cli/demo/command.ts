import { existsSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import type { Command } from 'commander';

import { CliError, UsageError } from '../cli-error.ts';
import { exitCode } from '../exit-code.ts';
import type { Failure } from '../failure.ts';
import { interruptible } from '../interruption.ts';
import { countOption, secondsOption, sizeOption } from '../option-parsers.ts';
import { printJson } from '../output.ts';
import { liveDisplay, silentDisplay } from './live-display.ts';
import { printReport } from './report.ts';
import { type Summary, summarize } from './summary.ts';

/** As commander gives them. */
interface Options {
  readonly source?: string;
  readonly dir?: string;
  readonly maxSize?: number;
  readonly workers: number;
  readonly seconds: number;
  readonly json?: true;
}

/** Adds `demo` to the program. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description(
      'Fetch real files through a cache in several processes, kill some of them, and prove that nothing is wrong or fetched twice.',
    )
    .option('--source <dir>', "where the files to cache are (default: the project's node_modules)")
    .option('--dir <dir>', 'where to cache them; it is kept (default: a temporary directory)')
    .option(
      '--max-size <size>',
      'how large the cache may grow, e.g. 500MiB (default: a quarter of the files)',
      sizeOption,
    )
    .option('--workers <n>', 'how many processes read', countOption(2, 64), 4)
    .option('--seconds <n>', 'for how long, at least', secondsOption(86_400), 8)
    .option('--json', 'print one JSON object')
    .action((options: Options) => interruptible((signal) => demo(options, signal)));
}

async function demo(options: Options, signal: AbortSignal): Promise<void> {
  const source = resolve(options.source ?? nearestNodeModules());
  assertApart(source, options.dir);
  const display = canBeDrawnOn(process.stderr) && !options.json ? liveDisplay(process.stderr) : silentDisplay;
  const { maxSize, dir, workers, seconds } = options;

  // Only now: help and wrong usage need no engine, and one that cannot be loaded is reported like any other failure.
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

/** Our own one, or where we are installed as a dependency, the one that we are in. */
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

/** A cache that lies among its own sources would be its own source in the next run. */
function assertApart(source: string, dir: string | undefined): void {
  if (dir === undefined || !`${resolve(dir)}${sep}`.startsWith(`${source}${sep}`)) return;
  throw new UsageError(
    `--dir ${dir} lies in --source ${source}: the cache would be its own source. Choose another one.`,
  );
}
