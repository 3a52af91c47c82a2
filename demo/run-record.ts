import type { Audit } from './audit.ts';
import type { FetchLedger } from './fetch-ledger.ts';
import type { HitLedger } from './hit-ledger.ts';
import type { Report } from './messages.ts';
import type { MishapCounts } from './mishaps.ts';
import type { Plan } from './plan.ts';

/** All that is known after a run; nothing in it is judged yet. */
export interface RunRecord {
  readonly dir: string;
  readonly plan: Plan;
  /** How long it really took. */
  readonly seconds: number;
  /** The processes', and our own. */
  readonly reports: readonly Report[];
  readonly mishaps: Readonly<MishapCounts>;
  readonly hits: HitLedger;
  readonly fetches: FetchLedger;
  readonly largestSize: number;
  readonly looksAtSize: number;
  /** The directory as it was found at the end. */
  readonly after: Audit;
}
