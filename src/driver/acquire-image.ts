import type { CacheDriver, WriteOptions } from '../api/driver.ts';
import { isSystemError, toCacheError } from '../api/errors.ts';
import type { Acquired, AcquireOptions } from '../api/shared-driver.ts';
import { now, sleep } from '../base/timers.ts';
import { claimUncached } from '../streams/claim-uncached.ts';
import { CompleteImage } from './complete-image.ts';
import type { EngineCalls } from './engine-calls.ts';
import { GrowingImage } from './growing-image.ts';
import { XattrImageWriter } from './image-writer.ts';

/** The driver, whose methods claim and check, and its engine, which opens and follows. */
interface Scene {
  readonly driver: CacheDriver;
  readonly engine: EngineCalls;
  readonly imageId: string;
}

const firstWaitMs = 1;
const longestWaitMs = 50;

/**
 * Time to wait for a writer that can neither be followed nor taken over. Either its image was deleted while it writes,
 * or it is dead, and another process has locked its token. Milliseconds.
 */
const unavailableTimeoutMs = 1_000;

/** See {@link SharedDriver.acquire}. An image that was not cached a moment ago is claimed first. */
export async function acquireImage(scene: Scene, { expectedSize, signal }: AcquireOptions): Promise<Acquired> {
  const options = expectedSize === undefined ? {} : { expectedSize };
  const deadline = now() + unavailableTimeoutMs;
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    const found = (await claim(scene, options)) ?? (await follow(scene));
    if (found && found !== 'dead') return found;
    const cached = found ? undefined : await openCached(scene);
    if (cached) return cached;
    if (now() >= deadline) return { state: 'unavailable', orphaned: found === 'dead' };
    // The image was just committed, rolled back or deleted, or its writer has just died.
    await sleep(waitMs, signal);
  }
}

async function openCached({ engine, imageId }: Scene): Promise<Acquired | undefined> {
  const image = await engine.callForImage(imageId, (_directory, context) => CompleteImage.open(context, imageId));
  return image && { state: 'cached', image };
}

async function claim({ driver, engine, imageId }: Scene, options: WriteOptions): Promise<Acquired | undefined> {
  const writer = await claimUncached(driver, imageId, options);
  if (!(writer instanceof XattrImageWriter)) return undefined;
  try {
    const image = await engine.callForImage(imageId, (_directory, context) =>
      GrowingImage.follow(context, imageId, { own: true }),
    );
    if (image) return { state: 'claimed', writer, image };
  } catch (error) {
    await writer.discard().catch(() => {}); // The error that led here is the one to report.
    throw error;
  }
  await writer.discard(); // Deleted immediately.
  return undefined;
}

/** Follows the writer of an image. Resolves to `dead` if the writer is dead, so that the image can be claimed. */
async function follow({ engine, imageId }: Scene): Promise<Acquired | 'dead' | undefined> {
  try {
    const image = await GrowingImage.follow(engine.opened, imageId, { own: false });
    if (image?.state.progress === 'dead') {
      image.release();
      return 'dead';
    }
    return image && { state: 'followed', image };
  } catch (error) {
    if (isSystemError(error) && error.code === 'EBUSY') return { state: 'unavailable', orphaned: false };
    throw toCacheError(error, { imageId });
  }
}
