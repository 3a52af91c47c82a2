import { CacheError, ChecksumMismatchError, FetchFailedError, SizeMismatchError } from './errors.ts';
import { copySize, FlightFetch, type FlightSource } from './flight-fetch.ts';
import type { FlightImage } from './growing-image.ts';
import { type Located, locateImage } from './locate-image.ts';
import type { XattrDriver } from './xattr-driver.ts';

/** What `user.error` says of a writer that was dropped, or whose thread was terminated: nothing is wrong with the image. */
const droppedReason = 'incomplete fetch';

/** Failures of the cache, not of the source: the image is to be had all the same. */
const cacheFailures = ['ERR_NO_SPACE', 'ERR_IO', 'ERR_LOCK_TIMEOUT'];

export interface FlightOptions {
  readonly driver: XattrDriver;
  readonly imageId: string;
  readonly source: FlightSource;
  /** Go on when every reader has left. */
  readonly finishFetch: boolean;
  /** An image of so many bytes was committed. */
  readonly onCommit: (size: number) => Promise<void>;
  /** What failed is the cache; those who read go on without it. */
  readonly onCacheError: (error: unknown) => void;
  /** Nobody is to join it any more. */
  readonly onOver: () => void;
}

/**
 * An image on its way, once in this process however many read it: fetched by us, or followed while somebody else does.
 * If whoever writes it dies, it is taken over, and those who read do not notice.
 */
export class Flight {
  readonly imageId: string;
  readonly #options: FlightOptions;
  readonly #images: FlightImage[] = [];
  #fetch: FlightFetch | undefined;
  #readers = 0;
  #finish: boolean;
  #over = false;
  #takingOver: Promise<void> | undefined;
  /** Of each image, how far it was found to be the same as another, which somebody has read before. */
  readonly #compared = new Map<FlightImage, Map<FlightImage, Comparison>>();

  constructor(options: FlightOptions, located: Located) {
    this.imageId = options.imageId;
    this.#options = options;
    this.#finish = options.finishFetch;
    this.#enter(located, undefined);
  }

  /** Undefined: it cannot be read through the cache. */
  get image(): FlightImage | undefined {
    return this.#images.at(-1);
  }

  /** Whether the fetch is ours. */
  get leads(): boolean {
    return this.#fetch !== undefined;
  }

  get joinable(): boolean {
    return !this.#over;
  }

  /** Bytes of the whole image; undefined where nobody has said. */
  get expectedSize(): number | undefined {
    return this.#fetch?.expectedSize ?? this.#options.source.expectedSize;
  }

  enter(finishFetch: boolean): void {
    this.#readers += 1;
    this.#finish ||= finishFetch;
  }

  leave(): void {
    this.#readers -= 1;
    this.checkWanted();
  }

  /** Ends what nobody wants any more. */
  checkWanted(): void {
    if (this.#readers > 0) return;
    if (this.#fetch && !this.#over) {
      if (!this.#finish) void this.#fetch.stopWhenAlone(() => this.#readers > 0 || this.#finish);
      return;
    }
    this.#end();
    for (const image of this.#images) image.release();
  }

  /** What a reader is to do about an image that goes no further. @throws what it failed with */
  judge(image: FlightImage): 'complete' | 'growing' | 'abandoned' | 'uncached' {
    const { progress, reason } = image.seen;
    if (progress === 'complete' || progress === 'growing') return progress;
    if (progress === 'dead' || reason === droppedReason) return 'abandoned';
    const failure = this.#failureOf(image, reason);
    if (!CacheError.is(failure) || !isOfCache(failure, reason)) throw failure;
    return 'uncached';
  }

  /** Goes on in another file, written by us or by whoever was faster. Once, however many ask. */
  async takeOver(dead: FlightImage): Promise<void> {
    if (this.image !== dead) return;
    this.#takingOver ??= this.#succeed(dead).finally(() => {
      this.#takingOver = undefined;
    });
    await this.#takingOver;
  }

  /** Whether `image` begins with the first `size` bytes of `before`. Resolves when it is known for all of them. */
  async beginsLike(before: FlightImage, image: FlightImage, size: number): Promise<boolean> {
    const ofImage = this.#compared.get(image) ?? new Map<FlightImage, Comparison>();
    this.#compared.set(image, ofImage);
    const comparison = ofImage.get(before) ?? new Comparison(before, image);
    ofImage.set(before, comparison);
    return comparison.upTo(size);
  }

  async #succeed(dead: FlightImage): Promise<void> {
    const { driver, source } = this.#options;
    const { expectedSize } = source;
    const located = await locateImage(driver, this.imageId, expectedSize === undefined ? {} : { expectedSize });
    this.#enter(located, dead);
  }

  #enter(located: Located, dead: FlightImage | undefined): void {
    this.#fetch = undefined;
    if (located.where === 'elsewhere') return this.#end();
    this.#images.push(located.image);
    if (located.where === 'claimed') void this.#lead(located, dead);
  }

  async #lead({ writer, image }: Located & { readonly where: 'claimed' }, dead: FlightImage | undefined) {
    const { source, onCommit, onCacheError } = this.#options;
    const fetch = new FlightFetch(this.imageId, source, writer, image);
    this.#fetch = fetch;
    const size = await fetch.run(dead);
    if (image.seen.progress !== 'growing') this.#end();
    if (size > 0) await onCommit(size);
    if (isOfCache(fetch.failure, '')) onCacheError(fetch.failure);
    this.checkWanted();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onOver();
  }

  #failureOf(image: FlightImage, reason: string): unknown {
    this.#end();
    if (image === this.image && this.#fetch?.failure !== undefined) return this.#fetch.failure;
    return remoteFailure(this.imageId, reason);
  }
}

/** How far two images are the same. */
class Comparison {
  readonly #before: FlightImage;
  readonly #image: FlightImage;
  #same = 0;
  #differ = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(before: FlightImage, image: FlightImage) {
    this.#before = before;
    this.#image = image;
  }

  /** The image must have grown to `size`. */
  upTo(size: number): Promise<boolean> {
    const result = this.#last.then(() => this.#compare(size));
    this.#last = result.catch(() => {});
    return result;
  }

  async #compare(size: number): Promise<boolean> {
    while (this.#same < size && !this.#differ) {
      const length = Math.min(copySize, size - this.#same);
      const [before, now] = await Promise.all([
        readFully(this.#before, this.#same, length),
        readFully(this.#image, this.#same, length),
      ]);
      this.#differ = Buffer.compare(before, now) !== 0;
      if (!this.#differ) this.#same += length;
    }
    return this.#same >= size;
  }
}

async function readFully(image: FlightImage, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const size = await image.read(buffer, done, length - done, position + done);
    if (size === 0) break;
    done += size;
  }
  return buffer.subarray(0, done);
}

function isOfCache(failure: unknown, reason: string): boolean {
  const code = CacheError.is(failure) && !(failure instanceof FetchFailedError) ? failure.code : reason.split(':')[0];
  return cacheFailures.includes(code ?? '');
}

/** What another process's error was, as far as `user.error` tells. */
function remoteFailure(imageId: string, reason: string): CacheError {
  const checksum = /^ERR_CHECKSUM_MISMATCH: .* has checksum (\S+), expected (.+)$/s.exec(reason);
  if (checksum) return new ChecksumMismatchError(imageId, checksum[2] ?? '', checksum[1] ?? '');
  const size = /^ERR_SIZE_MISMATCH: .* has (\d+) bytes, expected (\d+)$/s.exec(reason);
  if (size) return new SizeMismatchError(imageId, Number(size[2]), Number(size[1]));
  return new FetchFailedError(reason, { imageId, remote: true });
}
