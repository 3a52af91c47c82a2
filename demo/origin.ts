import { closeSync, openSync } from 'node:fs';

import type { Fetch } from 'xattr-cache';
import { readFully } from './comparison.ts';
import type { SourceFile } from './source-files.ts';
import { pause } from './waiting.ts';

/** Bytes. */
const largestPiece = 128 * 1024;
const pauseMs = 5;

export interface OriginOptions {
  readonly images: readonly SourceFile[];
  /** Called for each request, first of all. */
  readonly onFetch: (image: SourceFile, offset: number) => void;
  /** Called with the position of each piece, instead of a short pause. */
  readonly beforePiece?: (image: SourceFile, position: number, signal: AbortSignal) => Promise<void>;
}

/** The source of the images: their files in pieces, slowly, as over a network. It can resume. */
export function createOrigin({ images, onFetch, beforePiece }: OriginOptions): Fetch {
  const byId = new Map(images.map((image) => [image.imageId, image]));
  const wait = beforePiece ?? ((_image, _position, signal) => pause(pauseMs, signal));
  return (imageId, { offset, signal }) => {
    const image = byId.get(imageId);
    if (image === undefined) throw new Error(`the source has no image ${imageId}`);
    onFetch(image, offset);
    return { offset, body: deliver(image, offset, (position) => wait(image, position, signal)) };
  };
}

/** At least two pieces, so that each image can be followed. */
async function* deliver(
  image: SourceFile,
  offset: number,
  wait: (position: number) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const pieceSize = Math.min(largestPiece, Math.ceil(image.size / 2));
  const fd = openSync(image.path, 'r');
  try {
    for (let position = offset; ; ) {
      await wait(position);
      const piece = Buffer.allocUnsafe(pieceSize);
      const length = readFully(fd, piece, pieceSize, position);
      if (length === 0) return;
      yield piece.subarray(0, length);
      position += length;
    }
  } finally {
    closeSync(fd);
  }
}
