import { type Command, Option } from 'commander';

import type { Durability } from '../index.ts';
import { sizeOption } from '../terminal/option-parsers.ts';

/** The options of each command that works on a cache, as commander returns them. */
export interface CacheOptions {
  readonly dir?: string;
  readonly json?: true;
}

export interface LimitOptions {
  readonly maxSize?: number;
}

export interface DurabilityOptions {
  readonly durability?: Durability;
}

/** Adds a command that works on a cache. */
export function cacheCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(dirOption().env('XATTR_CACHE_DIR'))
    .addOption(jsonOption());
}

/** Allows the options of every command before the command, too. Options after it take precedence. */
export function takeOptionsBefore(program: Command): void {
  program.enablePositionalOptions().addOption(dirOption()).addOption(jsonOption());
  program.hook('preAction', (_program, command) => {
    for (const [name, value] of Object.entries(program.opts<CacheOptions>())) {
      if (command.getOptionValueSource(name) !== 'cli') command.setOptionValueWithSource(name, value, 'cli');
    }
  });
}

function dirOption(): Option {
  return new Option('--dir <dir>', 'cache directory');
}

function jsonOption(): Option {
  return new Option('--json', 'print one JSON object');
}

/** Returns the option for the limit of the cache. */
export function maxSizeOption(): Option {
  return new Option('--max-size <size>', 'limit of the cache, for example 500MiB (default: 10GiB)')
    .env('XATTR_CACHE_MAX_SIZE')
    .argParser(sizeOption);
}

/** Returns the option for commands that add images. */
export function durabilityOption(): Option {
  return new Option('--durability <mode>', 'protection from a loss of power (default: checkpoint if possible)').choices(
    ['none', 'checkpoint', 'sync'],
  );
}
