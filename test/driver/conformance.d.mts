import type { TestContext } from 'node:test';

import type { CacheDriver } from '../../dist/index.js';

/**
 * Leaves something in the store of a driver, of that age in seconds.
 *
 * @since 0.1.0
 */
export type Plant<Driver> = (driver: Driver, imageId: string, ageSeconds: number) => unknown;

/**
 * Driver under test.
 *
 * @since 0.1.0
 */
export interface ConformanceOptions<Driver extends CacheDriver> {
  /**
   * Returns a new driver over an empty store, not configured yet. The suite closes it; `t.after` removes its store.
   *
   * @param options - `stallTimeSeconds`: the time after which an unfinished write counts as stalled, in seconds
   */
  readonly create: (t: TestContext, options: { readonly stallTimeSeconds?: number }) => Driver | Promise<Driver>;
  /** Functions that leave what only another process leaves. Without one of them, the tests that need it are skipped. */
  readonly plant?: {
    /** Leaves an unfinished write without a writer, of that age. */
    readonly stalled?: Plant<Driver>;
    /** Leaves a failed write, of that age. */
    readonly invalid?: Plant<Driver>;
  };
  /** Time between two changes that the store's clock can tell apart, in milliseconds. @defaultValue 20 */
  readonly tickMs?: number;
}

/**
 * Registers, with `node:test`, the tests that every {@link CacheDriver} must pass. They use only the methods of that
 * interface.
 *
 * @param name - prefix of the names of the tests
 *
 * @since 0.1.0
 */
export function conformance<Driver extends CacheDriver>(name: string, options: ConformanceOptions<Driver>): void;
