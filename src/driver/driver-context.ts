import type { Logger } from '../api/logger.ts';
import type { Handle, StallArguments } from '../native/native.ts';
import { AttributePace } from './attribute-pace.ts';
import { InvalidLimit } from './invalid-limit.ts';
import { Reporter } from './reporter.ts';

/** A prober holds a token's lock for a moment; a `Sync` claim waits that out where it stands. Milliseconds. */
const probeTimeoutMs = 5;

export interface ContextOptions {
  readonly dir: string;
  readonly stallTimeSeconds: number;
  readonly lockTimeoutMs: number;
  readonly accessResolutionMs: number;
  readonly maxInvalidSize: number;
  readonly logger: Logger | undefined;
}

/** What a configured driver shares with its readers and writers. */
export class DriverContext {
  /** Another one once parts of the layout were removed and made again. */
  directory: Handle;
  readonly options: ContextOptions;
  /** Whether opening and reading may be tried on the event loop. */
  readonly inlineReads: boolean;
  /** Whether another machine or process is behind the files, whom each question costs. */
  readonly remote: boolean;
  readonly invalidLimit: InvalidLimit;
  /** Of hits, which are attributes. */
  readonly pace: AttributePace;
  readonly report: Reporter;
  readonly #locks: boolean;

  constructor(
    directory: Handle,
    options: ContextOptions,
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
    this.report = new Reporter(options.dir, options.logger);
    this.#locks = locks;
    this.remote = remote;
    this.invalidLimit = new InvalidLimit(options.maxInvalidSize, options.logger);
  }

  /** For calls in the pool, which must not sleep. */
  get stall(): StallArguments {
    return [this.options.stallTimeSeconds, this.#locks, 0];
  }

  /** For `Sync` calls. */
  get stallSync(): StallArguments {
    return [this.options.stallTimeSeconds, this.#locks, probeTimeoutMs];
  }
}
