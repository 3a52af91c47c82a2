import { eventLoopTurn } from '../base/event-loop-turn.ts';
import { type Handle, native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';

/** Largest read on the event loop, in bytes. Copying them takes some 50 µs. */
export const largestInlineRead: number = 1024 * 1024;

/** Reads like `fs.read`: bytes in the page cache on the event loop, and bytes that may need a disk in the pool. */
export async function readBytes(
  context: DriverContext,
  image: Handle,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
): Promise<number> {
  let done = 0;
  if (context.inlineReads && length <= largestInlineRead) {
    done = eventLoopTurn.run(() => native.readCachedSync(image, buffer, offset, length, position));
    if (done === length) return done;
  }
  return done + (await native.readAsync(image, buffer, offset + done, length - done, position + done));
}
