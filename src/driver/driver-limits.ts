import {
  type CacheLimits,
  defaultMaxInvalidSize,
  defaultMaxSize,
  type LimitState,
  type ResolvedLimits,
  resolveLimits,
  strictest,
} from '../api/limits.ts';
import type { KeptLimits, LimitOptions } from '../api/shared-driver.ts';
import { native } from '../native/native.ts';
import { Admission } from './admission.ts';
import type { DriverContext } from './driver-context.ts';

/** Limits of the driver itself, and of each cache over it. The strictest hold. */
interface Demand extends LimitOptions {
  readonly limits: ResolvedLimits;
}

/** Keeps the limits of a driver. Touches no file before the first write. */
export class DriverLimits {
  readonly #context: DriverContext;
  readonly #demands = new Set<Demand>();

  constructor(context: DriverContext) {
    this.#context = context;
  }

  /** Adds limits. Those that are released do not hold any more. */
  async add(limits: CacheLimits, how: LimitOptions): Promise<KeptLimits> {
    const resolved = resolveLimits(limits, await native.measureFileSystemAsync(this.#context.directory));
    const demand = { ...how, limits: resolved };
    this.#demands.add(demand);
    await this.#apply();
    return {
      limits: resolved,
      release: async () => {
        if (this.#demands.delete(demand)) await this.#apply();
      },
    };
  }

  /** Reads the limits that hold now, and how the images stand to them. */
  async readState(): Promise<LimitState> {
    const own = strictest([...this.#demands].map(({ limits }) => limits));
    const balance = await native.readBalanceAsync(this.#context.directory);
    return {
      maxSize: balance.maxBytes ?? own.maxSize,
      maxImages: balance.maxImages ?? own.maxImages,
      minFree: balance.minFreeBytes ?? own.minFree,
      minFreeInodes: balance.minFreeInodes ?? own.minFreeInodes,
      reservedSize: balance.reservedBytes ?? 0,
      reservedImages: balance.reservedImages ?? 0,
      bindingLimit: balance.binding,
      evictedPerMinute: balance.evictedPerMinute,
      youngestVictimAgeMs: balance.youngestVictimMs,
    };
  }

  /** Ends background evictions. To be called before the directory is released. */
  async close(): Promise<void> {
    this.#demands.clear();
    await this.#context.admission?.close();
  }

  async #apply(): Promise<void> {
    const context = this.#context;
    const demands = [...this.#demands];
    const limits = strictest(demands.map((demand) => demand.limits));
    const highWatermark = Math.min(1, ...demands.map((demand) => demand.highWatermark));
    const evicts = demands.some((demand) => demand.evicts);
    const { maxSize, maxImages, minFree, minFreeInodes } = limits;
    native.setLimitsSync(context.directory, maxSize, maxImages, minFree, minFreeInodes, highWatermark);
    if (context.options.maxInvalidSize === undefined) {
      context.invalidLimit.maxSize = defaultMaxInvalidSize(demands.length === 0 ? defaultMaxSize : maxSize);
    }
    if (demands.length > 0) {
      context.admission ??= new Admission(context);
      context.admission.limitTo(limits, evicts);
      return;
    }
    const before = context.admission;
    context.admission = undefined;
    await before?.close();
  }
}
