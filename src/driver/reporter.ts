import type { EvictedImage } from '../api/driver.ts';
import type { RecoverResult } from '../api/durability.ts';
import type { SystemError } from '../api/errors.ts';
import { type EvictEvent, publish } from '../api/events.ts';
import type { Logger } from '../api/logger.ts';
import { describeReason } from '../api/reason.ts';

/** Emits the events of a driver, and logs them. */
export class Reporter {
  readonly #dir: string;
  readonly #logger: Logger | undefined;
  #warnedOfUncounted = false;

  constructor(dir: string, logger: Logger | undefined) {
    this.#dir = dir;
    this.#logger = logger;
  }

  hit(imageId: string, size: number): void {
    publish('hit', () => ({ dir: this.#dir, imageId, size }));
  }

  miss(imageId: string): void {
    publish('miss', () => ({ dir: this.#dir, imageId }));
  }

  committed(imageId: string, size: number): void {
    publish('commit', () => ({ dir: this.#dir, imageId, size }));
    this.#logger?.debug({ imageId, size }, 'committed');
  }

  rolledBack(imageId: string, reason: unknown): void {
    publish('rollback', () => ({ dir: this.#dir, imageId, reason: describeReason(reason) }));
    this.#logger?.debug({ imageId, reason: describeReason(reason) }, 'rolled back');
  }

  evicted(images: readonly EvictedImage[], reason: EvictEvent['reason']): void {
    for (const image of images) {
      publish('evict', () => ({ dir: this.#dir, ...image, reason }));
      this.#logger?.debug({ ...image, reason }, 'evicted');
    }
  }

  reaped(place: 'invalid' | 'incomplete', count: number): void {
    if (count === 0) return;
    publish('reap', () => ({ dir: this.#dir, place, count }));
    this.#logger?.info({ place, count }, 'reaped');
  }

  checkpoint(durationMs: number, error: unknown): void {
    publish('checkpoint', () => ({ dir: this.#dir, durationMs, error }));
    if (error === undefined) this.#logger?.debug({ durationMs }, 'checkpoint');
    else this.#logger?.error({ err: error }, 'the checkpoint failed');
  }

  /** After a boot; undefined: there was no need. */
  recovered(result: RecoverResult | undefined): void {
    if (result === undefined) return;
    const { sinceMs, doubtful, kept, dropped, bytes } = result;
    const event = { since: sinceMs, doubtful, kept, dropped: dropped.length, bytes };
    publish('recover', () => ({ dir: this.#dir, ...event }));
    this.#logger?.info(event, 'recovered');
  }

  recoveryFailed(error: SystemError): void {
    this.#logger?.warn(
      { err: error },
      'this process cannot recover the cache; images after the last checkpoint are misses',
    );
  }

  /**
   * Emits an uncounted hit, which never fails a read. The first that the file system refuses is logged as a warning.
   */
  uncounted(imageId: string, why: 'evicted' | 'locked' | SystemError): void {
    const error = typeof why === 'string' ? undefined : why;
    const reason = typeof why === 'string' ? why : 'not-writable';
    publish('uncounted', () => ({ dir: this.#dir, imageId, why: reason, error }));
    if (error === undefined) {
      this.#logger?.debug({ imageId, why }, 'hit not counted');
    } else if (!this.#warnedOfUncounted) {
      this.#warnedOfUncounted = true;
      this.#logger?.warn({ imageId, err: error }, 'hits cannot be counted here; reads go on');
    }
  }
}
