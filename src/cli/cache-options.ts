import { type Command, Option } from 'commander';

import { sizeOption } from '../terminal/option-parsers.ts';

/** What each command that works on a cache takes, as commander gives it. */
export interface CacheOptions {
  readonly dir?: string;
  readonly json?: true;
}

export interface LimitOptions {
  readonly maxSize?: number;
}

/** A command that works on a cache. */
export function cacheCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addOption(dirOption().env('XATTR_CACHE_DIR'))
    .addOption(jsonOption());
}

/** Lets the options that each command takes also stand before the command. Those behind it count more. */
export function takeOptionsBefore(program: Command): void {
  program.enablePositionalOptions().addOption(dirOption()).addOption(jsonOption());
  program.hook('preAction', (_program, command) => {
    for (const [name, value] of Object.entries(program.opts<CacheOptions>())) {
      if (command.getOptionValueSource(name) !== 'cli') command.setOptionValueWithSource(name, value, 'cli');
    }
  });
}

function dirOption(): Option {
  return new Option('--dir <dir>', "the cache's directory");
}

function jsonOption(): Option {
  return new Option('--json', 'print one JSON object');
}

/** For those that need to know how large the cache may be. */
export function maxSizeOption(): Option {
  return new Option('--max-size <size>', 'how large the cache may be, e.g. 500MiB (default: 10GiB)')
    .env('XATTR_CACHE_MAX_SIZE')
    .argParser(sizeOption);
}
