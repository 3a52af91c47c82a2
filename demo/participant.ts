import type { ImageCache, XattrDriver } from 'xattr-cache';
import type { Command, MessageFromProcess, Order } from './messages.ts';
import type { WorkLog } from './work-log.ts';

/** What a role has to work with in its process. */
export interface Participant {
  readonly order: Order;
  readonly driver: XattrDriver;
  readonly cache: ImageCache;
  readonly log: WorkLog;
  /** Aborted when it is to finish what it has begun. */
  readonly stopped: AbortSignal;
  send(message: MessageFromProcess): Promise<void>;
  /** Answers a command, as often as it comes. */
  onCommand<T extends Command['type']>(
    type: T,
    answer: (command: Extract<Command, { readonly type: T }>) => Promise<MessageFromProcess>,
  ): void;
}

/** Works until it is told to stop. */
export type Play = (participant: Participant) => Promise<void>;
