import { type Handle, native } from './native.ts';

/** Bytes: whoever closes a larger image after it was evicted gives its blocks back, which takes milliseconds. */
const quicklyFreed = 8 * 1024 * 1024;

/** Closes an image, in the pool if that may take its time. */
export async function releaseImage(image: Handle, size: number): Promise<void> {
  if (size > quicklyFreed) await native.releaseAsync(image);
  else native.releaseSync(image);
}
