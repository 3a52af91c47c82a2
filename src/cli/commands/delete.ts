import type { Command } from 'commander';

import type { XattrDriver } from '../../index.ts';
import { UsageError } from '../../terminal/cli-error.ts';
import { formatCountOf } from '../../terminal/format.ts';
import { interruptible } from '../../terminal/interruption.ts';
import { pause } from '../../terminal/pause.ts';
import { printableId } from '../../terminal/printable.ts';
import { formatSize } from '../../terminal/size.ts';
import { type CacheOptions, cacheCommand } from '../cache-options.ts';
import { assertCanAsk, confirm } from '../confirm.ts';
import { assertImageIds, imageIdsArgument } from '../image-id-arguments.ts';
import { openDriver } from '../open-driver.ts';
import { type FailedImage, failedImage, failureOf, printReport } from '../report.ts';

export interface RemovalOptions extends CacheOptions {
  readonly all?: true;
  readonly yes?: true;
}

/** The outcome for each image. */
export interface Removal {
  readonly removed: string[];
  /** Images that were not cached. */
  readonly missing: string[];
  readonly failed: FailedImage[];
}

/** Adds `delete` to the program. */
export function addDeleteCommand(program: Command): void {
  removalCommand(program, 'delete', 'Remove images. A write in progress under such an id is not published.').action(
    (ids: readonly string[], options: RemovalOptions) => interruptible((signal) => deleteImages(ids, options, signal)),
  );
}

/** Adds a command with the forms `NAME ID…` and `NAME --all`; the second asks for confirmation. */
export function removalCommand(program: Command, name: string, description: string): Command {
  return cacheCommand(program, name, description)
    .argument('[id...]', 'image ids', imageIdsArgument)
    .option('--all', 'all of them, after a confirmation')
    .option('--yes', 'skip the confirmation');
}

/**
 * Checks that either ids or --all are given, and that --all can be confirmed.
 *
 * @throws {@link UsageError} {@link InvalidImageIdError}
 */
export async function assertIdsOrAll(ids: readonly string[], { all, yes }: RemovalOptions): Promise<void> {
  await assertImageIds(...ids);
  if (all && ids.length > 0) throw new UsageError('pass image ids or --all, not both');
  if (!all && ids.length === 0) throw new UsageError('no image given: pass one or more ids, or --all');
  if (all && !yes) assertCanAsk();
}

/** Removes one image after another, also after failures. `remove` returns whether the image was cached. */
export async function removeEach(
  ids: readonly string[],
  remove: (imageId: string) => boolean,
  signal: AbortSignal,
): Promise<Removal> {
  const removal: Removal = { removed: [], missing: [], failed: [] };
  for (const imageId of ids) {
    await pause(signal);
    try {
      const { removed, missing } = removal;
      (remove(imageId) ? removed : missing).push(imageId);
    } catch (error) {
      removal.failed.push(failedImage(imageId, error));
    }
  }
  return removal;
}

async function deleteImages(ids: readonly string[] = [], options: RemovalOptions, signal: AbortSignal): Promise<void> {
  await assertIdsOrAll(ids, options);
  await using driver = await openDriver(options);
  const chosen = options.all ? await chooseAll(driver, options, signal) : ids;
  const removal = await removeEach(chosen, (imageId) => deleteOne(driver, imageId), signal);
  const { removed: deleted, missing, failed } = removal;
  const text = options.all ? [`deleted ${formatCountOf(deleted.length, 'image')}`] : describe(removal);
  const failure = failureOf(failed, chosen.length);
  await printReport({ json: { deleted, missing, failed }, text, failed, failure }, options.json);
}

async function chooseAll(driver: XattrDriver, { yes }: RemovalOptions, signal: AbortSignal): Promise<string[]> {
  const images = await driver.getCachedImages();
  const size = images.reduce((sum, image) => sum + image.size, 0);
  const question = `Delete all ${formatCountOf(images.length, 'image')} (${formatSize(size)}) in ${driver.dir}?`;
  if (!yes) await confirm(question, signal);
  return images.map(({ imageId }) => imageId);
}

function deleteOne(driver: XattrDriver, imageId: string): boolean {
  const wasThere = !driver.isCacheableSync(imageId);
  driver.deleteCachedImageSync(imageId);
  return wasThere;
}

function* describe({ removed, missing }: Removal): Generator<string, void, void> {
  for (const imageId of removed) yield `deleted ${printableId(imageId)}`;
  for (const imageId of missing) yield `${printableId(imageId)} was not cached`;
}
