import type { Command } from 'commander';

import type { XattrDriver } from '../../index.ts';
import { formatCountOf } from '../../terminal/format.ts';
import { interruptible } from '../../terminal/interruption.ts';
import { printableId } from '../../terminal/printable.ts';
import { type CacheOptions, cacheCommand } from '../cache-options.ts';
import { confirm } from '../confirm.ts';
import { assertImageIds, imageIdsArgument } from '../image-id-arguments.ts';
import { openDriver, openOrMakeDriver } from '../open-driver.ts';
import { type FailedImage, failedImage, failureOf, printReport } from '../report.ts';
import { assertIdsOrAll, type Removal, type RemovalOptions, removalCommand, removeEach } from './delete.ts';

/** State of an image that need not be queued. */
type Standing = 'cached' | 'being cached' | 'queued';

interface NotQueued {
  readonly imageId: string;
  readonly because: Standing;
}

/** Adds `queue`, `queued` and `dequeue` to the program. */
export function addQueueCommands(program: Command): void {
  cacheCommand(program, 'queue', 'Queue images for the next prefetch.')
    .argument('<id...>', 'image ids', imageIdsArgument)
    .action(queue);
  cacheCommand(program, 'queued', 'List the queued images, the oldest request first.').action(queued);
  removalCommand(program, 'dequeue', 'Remove images from the queue.').action(
    (ids: readonly string[], options: RemovalOptions) => interruptible((signal) => dequeue(ids, options, signal)),
  );
}

async function queue(ids: readonly string[], options: CacheOptions): Promise<void> {
  await assertImageIds(...ids);
  await using driver = await openOrMakeDriver(options);
  const done: string[] = [];
  const notQueued: NotQueued[] = [];
  const failed: FailedImage[] = [];
  for (const imageId of ids) {
    try {
      if (driver.queueImageSync(imageId)) done.push(imageId);
      else notQueued.push({ imageId, because: standingOf(driver, imageId) });
    } catch (error) {
      failed.push(failedImage(imageId, error));
    }
  }
  const text = [
    ...done.map((imageId) => `queued ${printableId(imageId)}`),
    ...notQueued.map(({ imageId, because }) => `${printableId(imageId)} is ${because} already`),
  ];
  const json = { queued: done, notQueued, failed };
  await printReport({ json, text, failed, failure: failureOf(failed, ids.length) }, options.json);
}

function standingOf(driver: XattrDriver, imageId: string): Standing {
  if (driver.isCachedSync(imageId)) return 'cached';
  return driver.isBeingCachedSync(imageId) ? 'being cached' : 'queued';
}

async function queued(options: CacheOptions): Promise<void> {
  await using driver = await openDriver(options);
  const images = await driver.getQueuedImages();
  const text = images.length > 0 ? images.map(printableId) : ['nothing is queued'];
  await printReport({ json: { images }, text }, options.json);
}

async function dequeue(ids: readonly string[] = [], options: RemovalOptions, signal: AbortSignal): Promise<void> {
  await assertIdsOrAll(ids, options);
  await using driver = await openDriver(options);
  const chosen = options.all ? await driver.getQueuedImages() : ids;
  if (options.all && !options.yes) {
    await confirm(`Remove all ${formatCountOf(chosen.length, 'request')} in ${driver.dir}?`, signal);
  }
  const removal = await removeEach(chosen, (imageId) => dequeueOne(driver, imageId), signal);
  const { removed: dequeued, missing, failed } = removal;
  const text = options.all ? [`dequeued ${formatCountOf(dequeued.length, 'image')}`] : describe(removal);
  const failure = failureOf(failed, chosen.length);
  await printReport({ json: { dequeued, missing, failed }, text, failed, failure }, options.json);
}

function dequeueOne(driver: XattrDriver, imageId: string): boolean {
  const wasThere = driver.isQueuedSync(imageId);
  driver.deleteQueuedImageSync(imageId);
  return wasThere;
}

function* describe({ removed, missing }: Removal): Generator<string, void, void> {
  for (const imageId of removed) yield `dequeued ${printableId(imageId)}`;
  for (const imageId of missing) yield `${printableId(imageId)} was not queued`;
}
