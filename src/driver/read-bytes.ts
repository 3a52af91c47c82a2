import { eventLoopTurn } from '../base/event-loop-turn.ts';
import { type Handle, native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';

/** The most that is read on the event loop in one go, in bytes: some 50 µs of copying. */
export const largestInlineRead: number = 1024 * 1024;

/** Like `fs.read`: what the kernel has in memory at once, and what may have to wait for a disk in the pool. */
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
