import { inspect } from 'node:util';

import { NoSpaceError, XattrDriver } from '../../index.ts';
import type { MessageFromWorker, MessageToWorker, WorkOrder } from './messages.ts';
import { Workload } from './workload.ts';

// A worker process of the demo; worker-process.ts starts it and speaks with it.

const progressIntervalMs = 200;

/** Resolves when the message is on its way; also when nobody is there any more to get it. */
function send(message: MessageFromWorker): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });
}

function received<T extends MessageToWorker['type']>(type: T): Promise<Extract<MessageToWorker, { type: T }>> {
  return new Promise((resolve) => {
    process.on('message', (message: MessageToWorker) => {
      if (message.type === type) resolve(message as Extract<MessageToWorker, { type: T }>);
    });
  });
}

async function work(order: WorkOrder, started: Promise<unknown>, stopped: Promise<unknown>): Promise<void> {
  await using driver = await XattrDriver.open({ dir: order.dir });
  const workload = new Workload(driver, order);
  stopped.then(() => workload.stop());
  await send({ type: 'ready' });
  await Promise.race([started, stopped]);

  const progress = setInterval(() => send({ type: 'progress', tally: workload.tally }), progressIntervalMs);
  try {
    const report = await workload.run();
    await send({ type: 'report', report });
  } finally {
    clearInterval(progress);
  }
}

/** A full disk explains itself; whatever else gets here should not happen, and is told with all that is known of it. */
function reasonOf(error: unknown): string {
  return error instanceof NoSpaceError
    ? `${error.message}. Free some space, give a smaller --max-size, or another file system with --dir DIR`
    : inspect(error);
}

// A terminal sends these to every process in it. The parent, which gets them too, says when to stop.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
// The parent is gone, and with it everybody who could want a report.
process.on('disconnect', () => process.exit(1));

// All three at once: a message that comes before anybody listens for it would be lost.
const prepared = received('prepare');
const started = received('start');
const stopped = received('stop');

try {
  const { order } = await prepared;
  await work(order, started, stopped);
} catch (error) {
  await send({ type: 'failed', reason: reasonOf(error) });
  process.exitCode = 1;
}
process.removeAllListeners('disconnect');
process.disconnect();
