import { eventLoopTurn } from '../base/event-loop-turn.ts';
import { type Locked, locked, retryWhileLocked, retryWhileLockedSync } from '../base/lock-retry.ts';
import { type Handle, type NativeHit, native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';

/** The outcome of a hit: counted (true), evicted (false), or the reason why it was not counted. */
export type HitOutcome = Exclude<NativeHit, null> | Locked;

/**
 * Counts a hit on an open image, and records the access: on the event loop while that is fast, otherwise in the pool.
 */
export function countHit(context: DriverContext, image: Handle): Promise<HitOutcome> {
  return retryWhileLocked(() => recordHits(context, image, 1), context.options.lockTimeoutMs);
}

/** Tries once to count several hits as one number. */
export async function recordHits(context: DriverContext, image: Handle, hits: number): Promise<HitOutcome> {
  if (eventLoopTurn.isOver) await eventLoopTurn.next();
  return context.pace.inline ? recordInline(context, image, hits) : recordInPool(context, image, hits);
}

export function countHitSync(context: DriverContext, image: Handle): HitOutcome {
  return retryWhileLockedSync(() => recordInline(context, image, 1), context.options.lockTimeoutMs);
}

/** Emits the event of a hit; returns whether it was counted. */
export function reportHit(context: DriverContext, imageId: string, size: number, hit: HitOutcome): boolean {
  if (hit === true) context.report.hit(imageId, size);
  else if (hit === false) context.report.uncounted(imageId, 'evicted');
  else context.report.uncounted(imageId, hit === locked ? 'locked' : hit);
  return hit === true;
}

function recordInline(context: DriverContext, image: Handle, hits: number): HitOutcome {
  const { accessResolutionMs } = context.options;
  const record = () => native.recordHitSync(image, accessResolutionMs, hits);
  return context.pace.time(record, (hit) => hit !== null) ?? locked;
}

async function recordInPool(context: DriverContext, image: Handle, hits: number): Promise<HitOutcome> {
  const hit = await native.recordHitAsync(image, context.options.accessResolutionMs, hits);
  if (hit === null) return locked;
  context.pace.noteWrite();
  return hit;
}
