import { claimUncached } from './claim-uncached.ts';
import { CompleteImage } from './complete-image.ts';
import type { WriteOptions } from './driver.ts';
import { EngineCalls } from './engine-calls.ts';
import { isSystemError, toCacheError } from './errors.ts';
import { GrowingImage } from './growing-image.ts';
import { XattrImageWriter } from './image-writer.ts';
import type { LiveImage, OwnLiveImage } from './live-image.ts';
import { now, sleep } from './timers.ts';
import type { XattrDriver } from './xattr-driver.ts';

const firstWaitMs = 1;
const longestWaitMs = 50;

/**
 * How long a writer is waited for that can neither be followed nor taken over: one whose image was deleted while it
 * writes, and a dead one whose token another process has locked. Milliseconds.
 */
const patienceMs = 1_000;

/** Where an image is that is wanted now. */
export type Located =
  | { readonly where: 'cache'; readonly image: LiveImage }
  /** Nowhere, and it is ours to write; `image` is what we are going to write. */
  | { readonly where: 'claimed'; readonly writer: XattrImageWriter; readonly image: OwnLiveImage }
  /** Somebody else is writing it. */
  | { readonly where: 'growing'; readonly image: LiveImage }
  /** With a writer that cannot be followed; or with a dead one whose token another process has locked. */
  | { readonly where: 'elsewhere'; readonly barred: boolean };

/**
 * Of an image that was not cached a moment ago: so it is claimed first.
 *
 * @throws the signal's reason, and what keeps the cache from being used
 */
export async function locateImage(
  driver: XattrDriver,
  imageId: string,
  expectedSize: number | undefined,
  signal: AbortSignal,
): Promise<Located> {
  const options = expectedSize === undefined ? {} : { expectedSize };
  const deadline = now() + patienceMs;
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    const found = (await claim(driver, imageId, options)) ?? (await follow(driver, imageId));
    if (found && found !== 'dead') return found;
    const cached = found ? undefined : await findCached(driver, imageId);
    if (cached) return cached;
    if (now() >= deadline) return { where: 'elsewhere', barred: found === 'dead' };
    // Just committed, rolled back or deleted; or its writer has just died.
    await sleep(waitMs, signal);
  }
}

async function findCached(driver: XattrDriver, imageId: string): Promise<Located | undefined> {
  const image = await EngineCalls.of(driver).ask(imageId, (_directory, context) =>
    CompleteImage.open(context, imageId),
  );
  return image && { where: 'cache', image };
}

async function claim(driver: XattrDriver, imageId: string, options: WriteOptions): Promise<Located | undefined> {
  const writer = await claimUncached(driver, imageId, options);
  if (!(writer instanceof XattrImageWriter)) return undefined;
  try {
    const image = await EngineCalls.of(driver).ask(imageId, (_directory, context) =>
      GrowingImage.follow(context, imageId, { own: true }),
    );
    if (image) return { where: 'claimed', writer, image };
  } catch (error) {
    await writer.discard().catch(() => {}); // The error that led here is the one to report.
    throw error;
  }
  await writer.discard(); // Deleted at once.
  return undefined;
}

/** `dead`: its writer is, and it is to be claimed. */
async function follow(driver: XattrDriver, imageId: string): Promise<Located | 'dead' | undefined> {
  try {
    const { opened } = EngineCalls.of(driver);
    const image = await GrowingImage.follow(opened, imageId, { own: false });
    if (image?.state.progress === 'dead') {
      image.release();
      return 'dead';
    }
    return image && { where: 'growing', image };
  } catch (error) {
    if (isSystemError(error) && error.code === 'EBUSY') return { where: 'elsewhere', barred: false };
    throw toCacheError(error, { imageId });
  }
}
