import type { HitCounts } from './hit-ledger.ts';
import type { SourceFile } from './source-files.ts';
import type { Tally } from './tally.ts';

/** All that a worker has to know. */
export interface WorkOrder {
  readonly dir: string;
  readonly limit: number;
  /** Which of the `workers` it is, from 0. */
  readonly worker: number;
  readonly workers: number;
  readonly seed: number;
  /** The most popular one first. */
  readonly images: readonly SourceFile[];
}

/** All that a worker knows at the end. */
export interface WorkReport {
  readonly tally: Tally;
  readonly confirmedHits: HitCounts;
  readonly evictedHits: HitCounts;
  /** Where the first wrong bytes were, if there were any. */
  readonly firstWrong: string | undefined;
}

export type MessageToWorker =
  | { readonly type: 'prepare'; readonly order: WorkOrder }
  | { readonly type: 'start' }
  | { readonly type: 'stop' };

export type MessageFromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'progress'; readonly tally: Tally }
  | { readonly type: 'report'; readonly report: WorkReport }
  | { readonly type: 'failed'; readonly reason: string };
