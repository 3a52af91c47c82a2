import type { Audit } from './audit.ts';
import type { FetchLedger } from './fetch-ledger.ts';
import type { HitLedger } from './hit-ledger.ts';
import type { Report } from './messages.ts';
import type { MishapCounts } from './mishaps.ts';
import type { Plan } from './plan.ts';

/** The facts of a run, before any verdict. */
export interface RunRecord {
  readonly dir: string;
  readonly plan: Plan;
  /** The real duration. */
  readonly seconds: number;
  /** The reports of all processes, including this one. */
  readonly reports: readonly Report[];
  readonly mishaps: Readonly<MishapCounts>;
  readonly hits: HitLedger;
  readonly fetches: FetchLedger;
  readonly largestSize: number;
  readonly looksAtSize: number;
  /** The directory at the end. */
  readonly after: Audit;
}
