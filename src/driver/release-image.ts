import { type Handle, native } from '../native/native.ts';

/** Bytes: closing a larger image after it was evicted gives its blocks back, which takes milliseconds. */
const quicklyFreed = 8 * 1024 * 1024;

/**
 * Closes an image: where its last descriptor may give many blocks back, in the pool. Of one that may still grow, use
 * `native.releaseAsync`.
 */
export async function releaseImage(image: Handle, size: number): Promise<void> {
  if (size > quicklyFreed) await native.releaseAsync(image);
  else native.releaseSync(image);
}
