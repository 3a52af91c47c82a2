import type { CleanResult } from 'xattr-cache';
import type { Counts } from './counts.ts';
import type { SourceFile } from './source-files.ts';
import type { Tally } from './tally.ts';

/** The role of a process in the demo. */
export type Role = 'worker' | 'pruner' | 'cleaner' | 'victim';

/** The order to a process. */
export interface Order {
  readonly role: Role;
  readonly dir: string;
  readonly limit: number;
  /** A different one for each process. */
  readonly seed: number;
  /** The most popular one first. */
  readonly images: readonly SourceFile[];
}

/** The report of a process at its end. */
export interface Report {
  /** `demo` is the process that started the others. */
  readonly role: Role | 'demo';
  readonly tally: Tally;
  readonly confirmedHits: Counts;
  readonly evictedHits: Counts;
  /** Its evictions of each image. */
  readonly evictions: Counts;
  /** Its requests to the source for each image. */
  readonly fetches: Counts;
  /** The place of the first wrong bytes, if there were any. */
  readonly firstWrong: string | undefined;
  /** The first error that the cache swallowed, if there was one. */
  readonly firstError: string | undefined;
}

export type MessageToProcess =
  | { readonly type: 'prepare'; readonly order: Order }
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | Command;

/** Commands to some roles. */
export type Command =
  /** To a worker: read the image that the victim is fetching. */
  | { readonly type: 'follow'; readonly imageId: string }
  /** To the cleaner. */
  | { readonly type: 'clean' };

export type MessageFromProcess =
  | { readonly type: 'ready' }
  | { readonly type: 'progress'; readonly tally: Tally }
  | { readonly type: 'report'; readonly report: Report }
  | { readonly type: 'failed'; readonly reason: string }
  /** From the victim: the first part of this image has arrived from the source. */
  | { readonly type: 'fetching'; readonly imageId: string }
  /** From a worker: it has bytes of the image that it must follow. */
  | { readonly type: 'following' }
  /** From a worker: it has all bytes of that image. */
  | { readonly type: 'has it all'; readonly right: boolean }
  | { readonly type: 'cleaned'; readonly result: CleanResult };

/** The message of a type. */
export type Message<T extends MessageFromProcess['type']> = Extract<MessageFromProcess, { readonly type: T }>;
