import type { Audit } from './audit.ts';
import type { HitLedger } from './hit-ledger.ts';
import type { WorkReport } from './messages.ts';
import type { SourceFile } from './source-files.ts';
import type { Tally } from './tally.ts';

/** All that is known after a run; nothing in it is judged yet. */
export interface RunRecord {
  readonly dir: string;
  readonly sources: readonly SourceFile[];
  readonly limit: number;
  readonly seconds: number;
  readonly reports: readonly WorkReport[];
  /** All workers', and the last eviction. */
  readonly tally: Readonly<Tally>;
  readonly hits: HitLedger;
  /** The directory as it was found at the end. */
  readonly after: Audit;
}
