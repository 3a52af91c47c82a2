import { type Handle, native } from '../native/native.ts';

/** Bytes. Closing a larger image that was evicted frees its blocks, which takes milliseconds. */
const quicklyFreed = 8 * 1024 * 1024;

/**
 * Closes an image, in the pool if its last descriptor may free many blocks. For an image that may still grow, pass
 * Infinity.
 */
export async function releaseImage(image: Handle, size: number): Promise<void> {
  if (size > quicklyFreed) await native.releaseAsync(image);
  else native.releaseSync(image);
}
