import { toCacheError } from '../api/errors.ts';
import type { LiveState } from '../api/live-image.ts';
import type { Handle } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';
import { GatheredHits } from './gathered-hits.ts';
import { reportHit } from './hit.ts';
import { readBytes } from './read-bytes.ts';
import { releaseImage } from './release-image.ts';

/** An open image in the engine, with the hits of all its readers. */
export abstract class OpenBytes {
  protected readonly context: DriverContext;
  readonly #imageId: string;
  readonly #handle: Handle;
  readonly #hits: GatheredHits;

  constructor(context: DriverContext, imageId: string, handle: Handle) {
    this.context = context;
    this.#imageId = imageId;
    this.#handle = handle;
    this.#hits = new GatheredHits(context, handle);
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    try {
      return await readBytes(this.context, this.#handle, buffer, offset, length, position);
    } catch (error) {
      throw this.explain(error);
    }
  }

  async countHit(): Promise<{ readonly counted: boolean }> {
    const hit = await this.#hits.count();
    return { counted: reportHit(this.context, this.#imageId, this.state.size, hit) };
  }

  release(): void {
    void releaseImage(this.#handle, this.sizeToRelease);
  }

  abstract get state(): LiveState;

  /** The largest size that the file may have. */
  protected get sizeToRelease(): number {
    return this.state.size;
  }

  protected explain(error: unknown): unknown {
    return toCacheError(error, { imageId: this.#imageId });
  }
}
