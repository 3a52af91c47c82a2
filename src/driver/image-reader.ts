import type { Readable } from 'node:stream';
import type { ImageReader, RangeOptions } from '../api/driver.ts';
import { NotOpenError, toCacheError } from '../api/errors.ts';
import { imageName } from '../api/image-name.ts';
import { notBeyond } from '../api/recency.ts';
import { eventLoopTurn } from '../base/event-loop-turn.ts';
import { assertBytes, assertCount, outOfRange } from '../base/validate.ts';
import { type NativeImage, native } from '../native/native.ts';
import { ImageReadStream } from '../streams/image-read-stream.ts';
import type { DriverContext } from './driver-context.ts';
import { countHit, countHitSync, type HitOutcome, reportHit } from './hit.ts';
import { readBytes } from './read-bytes.ts';
import { releaseImage } from './release-image.ts';

interface Closed {
  readonly counted: boolean;
}

/** An open image of an `XattrDriver`. A reader that is dropped without a close is closed when it is collected. */
export class XattrImageReader implements ImageReader {
  readonly imageId: string;
  readonly size: number;
  readonly lastModifiedMs: number;
  readonly fd: number;
  readonly #context: DriverContext;
  readonly #image: NativeImage;
  #open = true;
  #closed: Closed | undefined;
  #closing: Promise<Closed> | undefined;

  constructor(context: DriverContext, imageId: string, image: NativeImage) {
    this.#context = context;
    this.#image = image;
    this.imageId = imageId;
    this.size = image.size;
    this.lastModifiedMs = notBeyond(Date.now(), image.modifiedMs);
    this.fd = image.fd;
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    if (eventLoopTurn.isOver) await eventLoopTurn.next();
    this.#check(buffer, offset, length, position);
    try {
      const there = Math.max(0, Math.min(length, this.size - position));
      return await readBytes(this.#context, this.#image.handle, buffer, offset, there, position);
    } catch (error) {
      throw toCacheError(error, this);
    }
  }

  readSync(buffer: Uint8Array, offset: number, length: number, position: number): number {
    this.#check(buffer, offset, length, position);
    try {
      return native.readSync(this.#image.handle, buffer, offset, length, position);
    } catch (error) {
      throw toCacheError(error, this);
    }
  }

  createReadStream(options: RangeOptions = {}): Readable {
    return new ImageReadStream(() => Promise.resolve(this), options);
  }

  async close(): Promise<Closed> {
    if (this.#closed) return this.#closed;
    if (!this.#open) return { counted: false };
    this.#closing ??= this.#countAndRelease();
    return this.#closing;
  }

  closeSync(): Closed {
    if (this.#closed) return this.#closed;
    if (!this.#open) return { counted: false };
    if (this.#closing) throw new NotOpenError(`${imageName(this.imageId)} is being closed`, this);
    const hit = countHitSync(this.#context, this.#image.handle);
    this.abortSync();
    return this.#end(hit);
  }

  async abort(): Promise<void> {
    if (!this.#open || this.#closing) return;
    this.#open = false;
    await releaseImage(this.#image.handle, this.size);
  }

  abortSync(): void {
    if (!this.#open || this.#closing) return;
    this.#open = false;
    native.releaseSync(this.#image.handle);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#closing ?? this.abort());
  }

  async #countAndRelease(): Promise<Closed> {
    const hit = await countHit(this.#context, this.#image.handle);
    this.#open = false;
    const closed = this.#end(hit);
    await releaseImage(this.#image.handle, this.size);
    return closed;
  }

  #end(hit: HitOutcome): Closed {
    this.#closed = { counted: reportHit(this.#context, this.imageId, this.size, hit) };
    return this.#closed;
  }

  #check(buffer: Uint8Array, offset: number, length: number, position: number): void {
    assertBytes(buffer, 'buffer');
    assertCount(offset, 'offset');
    assertCount(length, 'length');
    assertCount(position, 'position');
    if (offset + length > buffer.byteLength) throw outOfRange('length', `<= ${buffer.byteLength - offset}`, length);
    if (!this.#open) throw new NotOpenError(`${imageName(this.imageId)} is closed`, this);
  }
}
