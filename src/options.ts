import { resolve } from 'node:path';

import { guarded, type Logger } from './logger.ts';
import { assertNoNul, assertNonNegative, assertOptions, invalidType } from './validate.ts';

/** Where an {@link XattrDriver} works, and how patient it is. */
export interface XattrDriverOptions {
  /** The cache directory. It is made if it is missing. */
  readonly dir: string;
  /** When what a writer left behind counts as stalled, in seconds. @defaultValue 86_400 */
  readonly stallTimeSeconds?: number;
  /**
   * How long a lock is waited for, off the event loop (a `Sync` call waits in it), in milliseconds; and as long a file
   * descriptor, by calls on one image that are not `Sync`, while the process has none left. @defaultValue 1_000
   */
  readonly lockTimeoutMs?: number;
  /**
   * Do not write the access time again while the recorded one is younger, in milliseconds. 0: with every hit, which
   * makes the LRU order exact. @defaultValue 0
   */
  readonly accessResolutionMs?: number;
  /**
   * Whether short operations may run on the event loop when the kernel can do them without waiting.
   * @defaultValue true, false on remote file systems
   */
  readonly inline?: boolean;
  /** pino's shape; silent by default. */
  readonly logger?: Logger;
}

export interface ResolvedDriverOptions {
  readonly dir: string;
  readonly stallTimeSeconds: number;
  readonly lockTimeoutMs: number;
  readonly accessResolutionMs: number;
  readonly inline: boolean | undefined;
  readonly logger: Logger | undefined;
}

/** @throws TypeError and RangeError. An empty `dir` is for `configure()` to refuse. */
export function assertDriverOptions(options: XattrDriverOptions): ResolvedDriverOptions {
  assertOptions(options, 'options');
  const { dir, stallTimeSeconds = 86_400, lockTimeoutMs = 1_000, accessResolutionMs = 0, inline, logger } = options;
  assertNoNul(dir, 'options.dir');
  assertNonNegative(stallTimeSeconds, 'options.stallTimeSeconds');
  assertNonNegative(lockTimeoutMs, 'options.lockTimeoutMs');
  assertNonNegative(accessResolutionMs, 'options.accessResolutionMs');
  if (inline !== undefined && typeof inline !== 'boolean')
    throw invalidType('options.inline', 'of type boolean', inline);
  const resolved = { dir: dir && absolute(dir), stallTimeSeconds, lockTimeoutMs, accessResolutionMs, inline };
  return { ...resolved, logger: guarded(logger) };
}

/** The process may change its working directory later. One that was removed is for `configure()` to refuse. */
function absolute(dir: string): string {
  try {
    return resolve(dir);
  } catch {
    return dir;
  }
}
