import { CachedReader } from './cached-reader.ts';
import { type Checksum, ChecksumVerifier } from './checksum.ts';
import type { ImageReader } from './driver.ts';
import { CacheError, ImageNotFoundError, lacksDescriptors, NotOpenError } from './errors.ts';
import type { Fetch } from './fetch.ts';
import { FetchCycles } from './fetch-cycles.ts';
import { FetchedImage } from './fetched-image.ts';
import { Flight, type FlightOptions } from './flight.ts';
import type { FlightSource } from './flight-fetch.ts';
import { FlightReader } from './flight-reader.ts';
import { assertImageId } from './image-id.ts';
import { untilAborted } from './on-abort.ts';
import { SourceReader } from './source-reader.ts';
import { setImmediate } from './timers.ts';
import { assertCount, assertOptions, assertSignal, invalidType } from './validate.ts';
import type { XattrDriver } from './xattr-driver.ts';

/** What is known of an image that {@link ImageCache.getOrFetch} may have to fetch. */
export interface FetchOptions {
  /** Compared at the end, over what is in the file; a mismatch reaches everybody who reads, and nothing is cached. */
  readonly checksum?: Checksum;
  /** Bytes; checked. */
  readonly expectedSize?: number;
  /** Go on when every consumer has left. @defaultValue false */
  readonly finishFetch?: boolean;
  /** Of this call and of what it resolves to; the fetch goes on while others want it. */
  readonly signal?: AbortSignal;
}

export interface FlightsOptions {
  readonly driver: XattrDriver;
  /** Bytes: what is larger does not stay in the cache. */
  readonly maxSize: number;
  /** When a reader goes past the cache whose writer brings no byte. Milliseconds. */
  readonly stalledAfterMs: number | undefined;
  /** Waits until there is room to write. @throws when a consumer cannot be kept waiting any longer */
  readonly room: () => Promise<void>;
  readonly onCommit: (size: number) => Promise<void>;
  readonly onCacheError: (imageId: string, error: unknown) => void;
}

/** The images that are on their way through a cache, each once. */
export class Flights {
  readonly #options: FlightsOptions;
  readonly #flights = new Map<string, Promise<Flight>>();
  /** How each fetch is stopped that has not ended, also one that nobody is to join any more. */
  readonly #fetches = new Map<Promise<void>, () => void>();
  readonly #closing = new AbortController();
  readonly #cycles: FetchCycles;

  constructor(options: FlightsOptions) {
    this.#options = options;
    this.#cycles = new FetchCycles(options.driver.dir);
  }

  /** See {@link ImageCache.getOrFetch}. */
  async getOrFetch(imageId: string, fetch: Fetch, options: FetchOptions): Promise<FetchedImage> {
    await assertFetchArguments(imageId, fetch, options);
    const { signal } = options;
    signal?.throwIfAborted();
    let miss = true;
    for (;;) {
      const cached = await this.#openCached(imageId, miss);
      if (cached) return new FetchedImage(imageId, 'cache', new CachedReader(cached, signal));
      miss = false;
      this.#closing.signal.throwIfAborted();
      const fetched = await this.#readAlong(imageId, fetch, options);
      if (fetched) return fetched;
    }
  }

  /** Undefined: it was complete before it could be joined, and is to be looked for once more. */
  async #readAlong(imageId: string, fetch: Fetch, options: FetchOptions): Promise<FetchedImage | undefined> {
    const { signal, finishFetch = false } = options;
    const { stalledAfterMs } = this.#options;
    const onLeft = this.#cycles.wait(imageId);
    let left = true;
    try {
      const mine = !this.#flights.has(imageId);
      const flight = await untilAborted(this.#join(imageId, fetch, options), signal);
      const source = this.#sourceOf(fetch, options);
      if (!flight.image) {
        left = false;
        return new FetchedImage(imageId, 'uncached', new SourceReader(imageId, source, signal, onLeft));
      }
      if (!flight.joinable) return undefined;
      const openSource = () => new SourceReader(imageId, source, signal);
      const reader = new FlightReader(flight, { finishFetch, signal, stalledAfterMs, onLeft, openSource });
      left = false;
      return new FetchedImage(imageId, mine && flight.leads ? 'fetch' : 'follow', reader);
    } finally {
      if (left) onLeft();
    }
  }

  /** Stops what is under way, and waits until it has ended; those who read get a {@link NotOpenError}. */
  async close(): Promise<void> {
    this.#closing.abort(new NotOpenError('the cache was closed', {}));
    await Promise.allSettled([...this.#flights.values()].map(async (flight) => (await flight).close()));
    for (const stop of this.#fetches.values()) stop();
    await Promise.allSettled(this.#fetches.keys());
  }

  async #openCached(imageId: string, tellsMiss: boolean): Promise<ImageReader | undefined> {
    const { driver } = this.#options;
    if (!tellsMiss && !(await driver.isCached(imageId))) return undefined;
    try {
      return await driver.openForRead(imageId);
    } catch (error) {
      if (error instanceof ImageNotFoundError) return undefined;
      if (CacheError.is(error) && lacksDescriptors(error.cause)) return undefined; // Past the cache, if none gets free.
      throw error;
    }
  }

  /** Everybody who asks meanwhile gets the same. */
  #join(imageId: string, fetch: Fetch, options: FetchOptions): Promise<Flight> {
    const under = this.#flights.get(imageId);
    if (under) return under;
    const forget = () => {
      if (this.#flights.get(imageId) === flight) this.#flights.delete(imageId);
    };
    const flight = this.#begin(imageId, fetch, options, forget);
    this.#flights.set(imageId, flight);
    flight.catch(forget);
    return flight;
  }

  async #begin(imageId: string, fetch: Fetch, options: FetchOptions, onOver: () => void): Promise<Flight> {
    const { driver, room, onCommit, onCacheError } = this.#options;
    const flightOptions: FlightOptions = {
      driver,
      imageId,
      source: this.#sourceOf(fetch, options),
      finishFetch: options.finishFetch ?? false,
      signal: this.#closing.signal,
      onCommit,
      onCacheError: (error) => onCacheError(imageId, error),
      onOver,
      onLead: (stop, ended) => {
        this.#fetches.set(ended, stop);
        void ended.finally(() => this.#fetches.delete(ended));
      },
    };
    const { signal } = this.#closing;
    try {
      await untilAborted(room(), signal);
    } catch (error) {
      signal.throwIfAborted();
      onCacheError(imageId, error);
      return Flight.uncached(flightOptions);
    }
    const flight = await Flight.begin(flightOptions);
    if (signal.aborted) await flight.close();
    // Those who asked may have been aborted meanwhile; they are told first.
    setImmediate(() => flight.checkWanted());
    return flight;
  }

  #sourceOf(fetch: Fetch, { checksum, expectedSize, signal }: FetchOptions): FlightSource {
    return { fetch, checksum, expectedSize, signal, maxSize: this.#options.maxSize, cycles: this.#cycles };
  }
}

async function assertFetchArguments(imageId: string, fetch: unknown, options: FetchOptions): Promise<void> {
  assertImageId(imageId);
  if (typeof fetch !== 'function') throw invalidType('fetch', 'of type function', fetch);
  assertOptions(options, 'options');
  const { checksum, expectedSize, finishFetch, signal } = options;
  if (expectedSize !== undefined) assertCount(expectedSize, 'options.expectedSize');
  if (finishFetch !== undefined && typeof finishFetch !== 'boolean') {
    throw invalidType('options.finishFetch', 'of type boolean', finishFetch);
  }
  assertSignal(signal, 'options.signal');
  if (checksum !== undefined) await ChecksumVerifier.of(checksum);
}
