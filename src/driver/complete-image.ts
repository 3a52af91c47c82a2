import type { LiveImage, LiveState } from '../api/live-image.ts';
import { type Handle, native } from '../native/native.ts';
import type { DriverContext } from './driver-context.ts';
import { OpenBytes } from './open-bytes.ts';

/** A live image that was complete when it was opened. */
export class CompleteImage extends OpenBytes implements LiveImage {
  readonly state: LiveState;
  readonly failure = undefined;

  /** Opens an image. Resolves to undefined if it is not cached. */
  static async open(context: DriverContext, imageId: string): Promise<CompleteImage | undefined> {
    const image = await native.openImageAsync(context.directory, imageId);
    return image && new CompleteImage(context, imageId, image.handle, image.size);
  }

  private constructor(context: DriverContext, imageId: string, handle: Handle, size: number) {
    super(context, imageId, handle);
    this.state = { progress: 'complete', size, reason: '' };
  }

  async poll(): Promise<void> {}

  async changed(): Promise<boolean> {
    return true;
  }
}
