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
    .addOption(new Option('--dir <dir>', "the cache's directory").env('XATTR_CACHE_DIR'))
    .option('--json', 'print one JSON object');
}

/** For those that need to know how large the cache may be. */
export function maxSizeOption(): Option {
  return new Option('--max-size <size>', 'how large the cache may be, e.g. 500MiB (default: 10GiB)')
    .env('XATTR_CACHE_MAX_SIZE')
    .argParser(sizeOption);
}
