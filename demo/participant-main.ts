import { inspect } from 'node:util';

import { ImageCache, NoSpaceError, XattrDriver } from 'xattr-cache';
import { cleanWhenTold } from './cleaner.ts';
import type { Command, MessageFromProcess, MessageToProcess, Order, Role } from './messages.ts';
import type { Participant, Play } from './participant.ts';
import { keepPruning } from './pruner.ts';
import { fetchUntilKilled } from './victim.ts';
import { whenAborted } from './waiting.ts';
import { WorkLog } from './work-log.ts';
import { work } from './worker.ts';

// A process of the demo, of any role. participant-process.ts starts it and exchanges messages with it.

const progressIntervalMs = 100;

const roles: Readonly<Record<Role, Play>> = {
  worker: work,
  pruner: keepPruning,
  cleaner: cleanWhenTold,
  victim: fetchUntilKilled,
};

/** Resolves when the message is sent, or when the parent has gone. */
function send(message: MessageFromProcess): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });
}

function received<T extends MessageToProcess['type']>(type: T): Promise<Extract<MessageToProcess, { type: T }>> {
  return new Promise((resolve) => {
    process.on('message', (message: MessageToProcess) => {
      if (message.type === type) resolve(message as Extract<MessageToProcess, { type: T }>);
    });
  });
}

const onCommand: Participant['onCommand'] = (type, answer) => {
  process.on('message', (message: MessageToProcess) => {
    if (message.type !== type) return;
    answer(message as Extract<Command, { type: typeof type }>).then(send, fail);
  });
};

async function participate(order: Order, started: Promise<unknown>, stopped: AbortSignal): Promise<void> {
  const { role, dir, limit: maxSize } = order;
  const log = new WorkLog();
  await using driver = new XattrDriver({ dir });
  await using cache = await ImageCache.open({ driver, maxSize, autoPrune: role === 'worker' });
  await send({ type: 'ready' });
  await Promise.race([started, whenAborted(stopped)]);

  const progress = setInterval(() => send({ type: 'progress', tally: log.tally }), progressIntervalMs);
  try {
    await roles[role]({ order, driver, cache, log, stopped, send, onCommand });
    await cache.close();
    await send({ type: 'report', report: log.report(role) });
  } finally {
    clearInterval(progress);
  }
}

/** A full disk needs its message only; any other error is a bug, and is reported with its stack. */
async function fail(error: unknown): Promise<void> {
  const reason =
    error instanceof NoSpaceError
      ? `${error.message}. Free some space, give a smaller --max-size, or another file system with --dir DIR`
      : inspect(error);
  process.exitCode = 1;
  await send({ type: 'failed', reason });
}

// A terminal sends these to every process in it. The parent gets them too, and decides when to stop.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
// Without the parent, no process wants a report.
process.on('disconnect', () => process.exit(1));

// All three in one turn: a message before its listener would be lost.
const stopping = new AbortController();
received('stop').then(() => stopping.abort());
const started = received('start');
const { order } = await received('prepare');

await participate(order, started, stopping.signal).catch(fail);
process.removeAllListeners('disconnect');
process.disconnect();
