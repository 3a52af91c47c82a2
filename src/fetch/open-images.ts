import type { LiveImage } from '../api/live-image.ts';
import { Comparison } from './comparison.ts';

/**
 * The open images of a shared fetch. Each take-over adds one, with its descriptors and its space on disk, so an image
 * is released as soon as no reader needs it.
 */
export class OpenImages {
  #images: LiveImage[] = [];
  /** The comparisons of each image with its predecessors. */
  readonly #compared = new Map<LiveImage, Map<LiveImage, Comparison>>();

  add(image: LiveImage): void {
    this.#images.push(image);
  }

  /** Releases all images but those in `needed`. */
  keepOnly(needed: ReadonlySet<LiveImage | undefined>): void {
    for (const image of this.#images) {
      if (needed.has(image)) continue;
      image.release();
      this.#compared.delete(image);
      for (const predecessors of this.#compared.values()) predecessors.delete(image);
    }
    this.#images = this.#images.filter((image) => needed.has(image));
  }

  /** Releases all images. Idempotent. */
  release(): void {
    for (const image of this.#images) image.release();
  }

  /** Returns whether `image` begins with the first `size` bytes of `before`, as soon as it has grown to that size. */
  beginsLike(before: LiveImage, image: LiveImage, size: number): Promise<boolean> {
    const predecessors = this.#compared.get(image) ?? new Map<LiveImage, Comparison>();
    this.#compared.set(image, predecessors);
    const comparison = predecessors.get(before) ?? new Comparison(before, image);
    predecessors.set(before, comparison);
    return comparison.upTo(size);
  }
}
