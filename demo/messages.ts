import type { CleanResult } from 'xattr-cache';
import type { Counts } from './counts.ts';
import type { SourceFile } from './source-files.ts';
import type { Tally } from './tally.ts';

/** What a process of the demo is there for. */
export type Role = 'worker' | 'pruner' | 'cleaner' | 'victim';

/** All that a process has to know. */
export interface Order {
  readonly role: Role;
  readonly dir: string;
  readonly limit: number;
  /** Another one for each process. */
  readonly seed: number;
  /** The most popular one first. */
  readonly images: readonly SourceFile[];
}

/** All that a process knows at the end. */
export interface Report {
  /** `demo` is the process that started the others. */
  readonly role: Role | 'demo';
  readonly tally: Tally;
  readonly confirmedHits: Counts;
  readonly evictedHits: Counts;
  /** How often each image was evicted by it. */
  readonly evictions: Counts;
  /** How often it asked the source for each image. */
  readonly fetches: Counts;
  /** Where the first wrong bytes were, if there were any. */
  readonly firstWrong: string | undefined;
  /** The first error that the cache swallowed, if there was one. */
  readonly firstError: string | undefined;
}

export type MessageToProcess =
  | { readonly type: 'prepare'; readonly order: Order }
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | Command;

/** What some roles do when they are told to. */
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
  /** From the victim: it has asked the source for this image, and a part of it has come. */
  | { readonly type: 'fetching'; readonly imageId: string }
  /** From a worker: it has bytes of the image that it is to follow. */
  | { readonly type: 'following' }
  /** From a worker: it has been given all of that image. */
  | { readonly type: 'has it all'; readonly right: boolean }
  | { readonly type: 'cleaned'; readonly result: CleanResult };

/** The message of a type. */
export type Message<T extends MessageFromProcess['type']> = Extract<MessageFromProcess, { readonly type: T }>;
