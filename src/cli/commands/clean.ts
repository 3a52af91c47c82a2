import type { Command } from 'commander';
import { formatCountOf } from '../../terminal/format.ts';
import { graceOption } from '../../terminal/option-parsers.ts';
import { type CacheOptions, cacheCommand } from '../cache-options.ts';
import { openDriver } from '../open-driver.ts';
import { printReport } from '../report.ts';

interface Options extends CacheOptions {
  readonly stallTime?: number;
}

/** Adds `clean` to the program. */
export function addCleanCommand(program: Command): void {
  cacheCommand(program, 'clean', 'Remove failed writes, and the leftovers of dead and stalled writers.')
    .option(
      '--stall-time <seconds>',
      'silence after which a foreign writer counts as stalled; 0: immediately (default: 86400)',
      graceOption,
    )
    .action(clean);
}

async function clean({ stallTime, ...options }: Options): Promise<void> {
  await using driver = await openDriver(options);
  const json = await driver.clean(stallTime);
  const failed = formatCountOf(json.invalidReaped, 'failed write');
  const stalled = formatCountOf(json.stalledReaped, 'stalled write');
  await printReport({ json, text: [`removed ${failed} and ${stalled}`] }, options.json);
}
