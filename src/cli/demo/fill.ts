import { closeSync, openSync } from 'node:fs';

import type { ImageCache } from '../../index.ts';
import { type Compared, Comparison, readFully } from './comparison.ts';
import type { Buffers } from './serve.ts';
import type { SourceFile } from './source-files.ts';
import type { Tally } from './tally.ts';

/** Puts images into the cache from their sources, and keeps account of how many bytes it is writing at once. */
export class Filler {
  readonly #cache: ImageCache;
  readonly #tally: Tally;
  #underWay = 0;

  constructor(cache: ImageCache, tally: Tally) {
    this.#cache = cache;
    this.#tally = tally;
  }

  /** @returns false if somebody else has written it, or is doing so. */
  put(image: SourceFile, { served }: Buffers): Promise<boolean> {
    const { imageId, size: expectedSize } = image;
    return this.#writing(image, () => this.#cache.cacheImage(imageId, chunksOf(image, served), { expectedSize }));
  }

  /** Serves an image from its source, through a tee that puts it into the cache on the way; compares what comes out. */
  tee(image: SourceFile, { served, expected }: Buffers): Promise<Compared> {
    return this.#writing(image, async () => {
      using comparison = new Comparison(image, expected);
      const chunks = this.#cache.cachingIterator(image.imageId, chunksOf(image, served), { expectedSize: image.size });
      for await (const chunk of chunks) comparison.add(chunk);
      return comparison.result();
    });
  }

  async #writing<T>({ size }: SourceFile, write: () => Promise<T>): Promise<T> {
    this.#underWay += size;
    this.#tally.bytesAtOnce = Math.max(this.#tally.bytesAtOnce, this.#underWay);
    try {
      return await write();
    } finally {
      this.#underWay -= size;
    }
  }
}

/** The file's bytes, one buffer full after the other; each is valid until the next is asked for. */
export function* chunksOf(image: SourceFile, buffer: Buffer): Generator<Uint8Array> {
  const fd = openSync(image.path, 'r');
  try {
    for (let position = 0; ; ) {
      const length = readFully(fd, buffer, buffer.length, position);
      if (length === 0) return;
      yield buffer.subarray(0, length);
      position += length;
    }
  } finally {
    closeSync(fd);
  }
}
