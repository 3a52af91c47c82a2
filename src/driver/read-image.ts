import { CacheError, cutShort } from '../api/errors.ts';
import { imageName } from '../api/image-name.ts';
import { eventLoopTurn } from '../base/event-loop-turn.ts';
import { type NativeImage, native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';
import { reportHit } from './hit.ts';
import { XattrImageReader } from './image-reader.ts';
import { largestInlineRead } from './read-bytes.ts';

/**
 * Opens an image, on the event loop if the kernel need not wait. Resolves to `undefined` if the image is not cached.
 */
export async function openImage(context: DriverContext, imageId: string): Promise<NativeImage | undefined> {
  if (context.inlineReads) {
    if (eventLoopTurn.isOver) await eventLoopTurn.next();
    const image = eventLoopTurn.run(() => native.openImageCachedSync(context.directory, imageId));
    if (image !== null) return image;
  }
  return native.openImageAsync(context.directory, imageId);
}

/** Reads a whole image and counts the hit. Resolves to `undefined` if the image is not cached. */
export async function readWholeImage(context: DriverContext, imageId: string): Promise<Buffer | undefined> {
  if (context.inlineReads && context.pace.inline) {
    if (eventLoopTurn.isOver) await eventLoopTurn.next();
    const bytes = readInline(context, imageId);
    if (bytes !== null) return bytes;
  }
  return readWaiting(context, imageId);
}

/** Reads a whole image in one call. Returns null if the kernel would have to wait. */
function readInline(context: DriverContext, imageId: string): Buffer | undefined | null {
  const { accessResolutionMs } = context.options;
  const read = () => native.readWholeCachedSync(context.directory, imageId, largestInlineRead, accessResolutionMs);
  const result = context.pace.time(read, (bytes) => Boolean(bytes));
  if (!result) return result;
  const [bytes, hit] = Buffer.isBuffer(result) ? ([result, true] as const) : result;
  reportHit(context, imageId, bytes.length, hit);
  return bytes;
}

async function readWaiting(context: DriverContext, imageId: string): Promise<Buffer | undefined> {
  const image = await openImage(context, imageId);
  if (image === undefined) return undefined;
  const reader = new XattrImageReader(context, imageId, image);
  try {
    const bytes = bufferFor(reader);
    const size = await reader.read(bytes, 0, bytes.length, 0);
    if (size < bytes.length) throw cutShort(imageId, size, bytes.length);
    await reader.close();
    return bytes;
  } finally {
    await reader.abort();
  }
}

/** The synchronous form of {@link readWholeImage}. */
export function readWholeImageSync(context: DriverContext, imageId: string): Buffer | undefined {
  if (context.inlineReads) {
    const bytes = readInline(context, imageId);
    if (bytes !== null) return bytes;
  }
  const image = native.openImageSync(context.directory, imageId);
  if (image === undefined) return undefined;
  const reader = new XattrImageReader(context, imageId, image);
  try {
    const bytes = bufferFor(reader);
    const size = reader.readSync(bytes, 0, bytes.length, 0);
    if (size < bytes.length) throw cutShort(imageId, size, bytes.length);
    reader.closeSync();
    return bytes;
  } finally {
    reader.abortSync();
  }
}

/** @throws `ERR_IO` if neither a Buffer nor the memory of this machine can hold the image */
function bufferFor({ imageId, size }: XattrImageReader): Buffer {
  try {
    return Buffer.allocUnsafeSlow(size);
  } catch (error) {
    const message = `${imageName(imageId)} has ${size} bytes, too many for one Buffer: read it as a stream, or in pieces with openForRead`;
    throw new CacheError('ERR_IO', message, { imageId, cause: error });
  }
}
