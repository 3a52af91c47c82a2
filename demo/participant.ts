import type { ImageCache, XattrDriver } from 'xattr-cache';
import type { Command, MessageFromProcess, Order } from './messages.ts';
import type { WorkLog } from './work-log.ts';

/** The environment of a role in its process. */
export interface Participant {
  readonly order: Order;
  readonly driver: XattrDriver;
  readonly cache: ImageCache;
  readonly log: WorkLog;
  /** Aborted when the role must finish its work. */
  readonly stopped: AbortSignal;
  send(message: MessageFromProcess): Promise<void>;
  /** Handles a command each time that it is received. */
  onCommand<T extends Command['type']>(
    type: T,
    answer: (command: Extract<Command, { readonly type: T }>) => Promise<MessageFromProcess>,
  ): void;
}

/** Runs until its signal is aborted. */
export type Play = (participant: Participant) => Promise<void>;
