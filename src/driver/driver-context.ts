import type { Logger } from '../api/logger.ts';
import type { Handle, StallArguments } from '../native/native.ts';
import { AttributePace } from './attribute-pace.ts';
import { InvalidLimit } from './invalid-limit.ts';
import type { Reporter } from './reporter.ts';

/** A process that checks a token holds its lock for a moment; a `Sync` claim waits for it. Milliseconds. */
const probeTimeoutMs = 5;

export interface ContextOptions {
  readonly dir: string;
  readonly stallTimeSeconds: number;
  readonly lockTimeoutMs: number;
  readonly accessResolutionMs: number;
  readonly maxInvalidSize: number;
  readonly logger: Logger | undefined;
}

/** The state of a configured driver that its readers and writers share. */
export class DriverContext {
  /** Replaced when parts of the layout were removed and created again. */
  directory: Handle;
  readonly options: ContextOptions;
  /** True if opening and reading may be tried on the event loop. */
  readonly inlineReads: boolean;
  /** True if each call to the file system reaches another machine or process. */
  readonly remote: boolean;
  readonly invalidLimit: InvalidLimit;
  /** The pace of hits, which are attribute writes. */
  readonly pace: AttributePace;
  readonly report: Reporter;
  readonly #locks: boolean;

  constructor(
    directory: Handle,
    options: ContextOptions,
    report: Reporter,
    {
      inline,
      inlineReads,
      inlineWrites,
      locks,
      remote,
    }: {
      readonly inline: boolean;
      readonly inlineReads: boolean;
      readonly inlineWrites: boolean;
      readonly locks: boolean;
      readonly remote: boolean;
    },
  ) {
    this.directory = directory;
    this.options = options;
    this.inlineReads = inline && inlineReads;
    this.pace = new AttributePace(inline && inlineWrites);
    this.report = report;
    this.#locks = locks;
    this.remote = remote;
    this.invalidLimit = new InvalidLimit(options.maxInvalidSize, options.logger);
  }

  /** The arguments for calls in the pool, which must not sleep. */
  get stall(): StallArguments {
    return [this.options.stallTimeSeconds, this.#locks, 0];
  }

  /** The arguments for `Sync` calls. */
  get stallSync(): StallArguments {
    return [this.options.stallTimeSeconds, this.#locks, probeTimeoutMs];
  }
}
