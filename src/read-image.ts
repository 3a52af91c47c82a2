import type { DriverContext } from './driver-context.ts';
import { XattrImageReader } from './image-reader.ts';
import { native } from './native.ts';

/** The largest image that is read on the event loop, in bytes: some 50 µs of copying. */
const largestInlineImage = 1024 * 1024;

/** The bytes of an image, its hit counted; `undefined` if it is not cached. */
export async function readWholeImage(context: DriverContext, imageId: string): Promise<Buffer | undefined> {
  if (context.inlineReads && context.inlineHits) {
    const bytes = readInline(context, imageId);
    if (bytes !== null) return bytes;
  }
  return readWaiting(context, imageId);
}

/** In one call, if nothing of it has to be waited for; null otherwise. */
function readInline(context: DriverContext, imageId: string): Buffer | undefined | null {
  const { accessResolutionMs } = context.options;
  const result = context.timeAttributeWrite(() =>
    native.readWholeCachedSync(context.directory, imageId, largestInlineImage, accessResolutionMs),
  );
  if (!result) return result;
  if (Buffer.isBuffer(result)) {
    context.tellHit(imageId, result.length);
    return result;
  }
  const [bytes, hit] = result;
  context.tellUncounted(imageId, hit === false ? 'evicted' : hit);
  return bytes;
}

async function readWaiting(context: DriverContext, imageId: string): Promise<Buffer | undefined> {
  const image = await native.openImageAsync(context.directory, imageId);
  if (image === undefined) return undefined;
  const reader = new XattrImageReader(context, imageId, image);
  try {
    const bytes = Buffer.allocUnsafeSlow(reader.size);
    const size = await reader.read(bytes, 0, bytes.length, 0);
    await reader.close();
    return size === bytes.length ? bytes : bytes.subarray(0, size);
  } finally {
    await reader.abort();
  }
}

/** The same, where it is called. */
export function readWholeImageSync(context: DriverContext, imageId: string): Buffer | undefined {
  if (context.inlineReads) {
    const bytes = readInline(context, imageId);
    if (bytes !== null) return bytes;
  }
  const image = native.openImageSync(context.directory, imageId);
  if (image === undefined) return undefined;
  const reader = new XattrImageReader(context, imageId, image);
  try {
    const bytes = Buffer.allocUnsafeSlow(reader.size);
    const size = reader.readSync(bytes, 0, bytes.length, 0);
    reader.closeSync();
    return size === bytes.length ? bytes : bytes.subarray(0, size);
  } finally {
    reader.abortSync();
  }
}
