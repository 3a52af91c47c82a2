import { type Command, Option } from 'commander';

import type { Durability } from '../index.ts';
import { countOption, type SizeLimit, sizeLimitOption } from '../terminal/option-parsers.ts';

/** The options of each command that works on a cache, as commander returns them. */
export interface CacheOptions {
  readonly dir?: string;
  readonly json?: true;
}

export interface LimitOptions {
  readonly maxSize?: SizeLimit;
  readonly minFree?: SizeLimit;
  readonly maxImages?: number;
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

/**
 * Adds the options for the limits of the cache.
 *
 * @param defaultSize - the size that the help gives as the default
 */
export function limitOptions(command: Command, defaultSize: string): Command {
  return command
    .addOption(
      new Option('--max-size <size>', `limit of the cache, for example 500MiB or 80% (default: ${defaultSize})`)
        .env('XATTR_CACHE_MAX_SIZE')
        .argParser(sizeLimitOption),
    )
    .addOption(
      new Option('--min-free <size>', 'space of the file system to keep free (default: 5% or 1GiB, whichever is less)')
        .env('XATTR_CACHE_MIN_FREE')
        .argParser(sizeLimitOption),
    )
    .addOption(
      new Option('--max-images <n>', 'limit of the number of images (default: none)')
        .env('XATTR_CACHE_MAX_IMAGES')
        .argParser(countOption(0, 999_999_999)),
    );
}

/** Returns the option for commands that add images. */
export function durabilityOption(): Option {
  return new Option('--durability <mode>', 'protection from a loss of power (default: checkpoint if possible)').choices(
    ['none', 'checkpoint', 'sync'],
  );
}
