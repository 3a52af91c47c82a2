import type { SharedWriteOptions } from '../api/shared-driver.ts';
import { type Handle, native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';

/** Reserves room for all of an image that is being written. */
export async function reserve(
  context: DriverContext,
  imageId: string,
  writer: Handle,
  { expectedSize = 0, signal, spaceSignal, spaceTimeoutMs }: SharedWriteOptions,
): Promise<void> {
  const attempt = (sinceMs: number) => native.reserveAsync(writer, expectedSize, sinceMs);
  const wait = { signal: spaceSignal ?? signal, timeoutMs: spaceTimeoutMs };
  const request = { imageId, bytes: expectedSize, growing: false, ...wait };
  await (context.admission ? context.admission.admit(request, attempt) : attempt(0));
}
