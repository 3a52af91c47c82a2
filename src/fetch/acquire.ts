import { ImageBusyError } from '../api/errors.ts';
import type { Acquired, SharedDriver } from '../api/shared-driver.ts';
import { hasCode } from '../base/error-facts.ts';
import type { FetchSource } from './leader-fetch.ts';

interface AcquireScene {
  readonly driver: SharedDriver;
  readonly imageId: string;
  readonly source: FetchSource;
  readonly signal: AbortSignal;
  readonly onCacheError: (error: unknown) => void;
}

/**
 * Acquires an image for a shared fetch. If the cache fails, the image is unavailable, and the error is reported.
 *
 * @throws {@link NotOpenError} only
 */
export async function acquire({ driver, imageId, source, signal, onCacheError }: AcquireScene): Promise<Acquired> {
  try {
    return await driver.acquire(imageId, { expectedSize: source.expectedSize, signal });
  } catch (error) {
    if (hasCode(error, 'ERR_NOT_OPEN')) throw error;
    onCacheError(error);
    return { state: 'unavailable', orphaned: false };
  }
}

/** Gives up an image that is no longer wanted. Never fails. */
export async function giveUp(acquired: Acquired): Promise<void> {
  if (acquired.state === 'unavailable') return;
  if (acquired.state === 'claimed') await acquired.writer[Symbol.asyncDispose]().catch(() => {});
  acquired.image.release();
}

export function orphaned(imageId: string): ImageBusyError {
  return new ImageBusyError(imageId, { reason: 'has a writer that died, whose token another process has locked' });
}
