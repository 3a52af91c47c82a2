import type { LiveImage } from '../api/live-image.ts';
import { copySize } from './leader-fetch.ts';

/** Compares the beginnings of two images, each byte once. */
export class Comparison {
  readonly #before: LiveImage;
  readonly #image: LiveImage;
  #same = 0;
  #differ = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(before: LiveImage, image: LiveImage) {
    this.#before = before;
    this.#image = image;
  }

  /** Returns whether the first `size` bytes are the same. The image must have grown to `size`. */
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

async function readFully(image: LiveImage, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const size = await image.read(buffer, done, length - done, position + done);
    if (size === 0) break;
    done += size;
  }
  return buffer.subarray(0, done);
}
