import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A source far away: the first byte comes after `delayMs`, and each piece `pauseMs` after the one before. `fetches` lists
 * when it was asked for what.
 */
export function slowSource({ size, pieceSize = 64 * 1024, delayMs = 0, pauseMs = 0, onPiece = () => {} }) {
  const bytes = Buffer.alloc(Math.min(size, pieceSize), 'bytes of an image ');
  const fetches = [];
  async function* body(from) {
    await sleep(delayMs);
    for (let at = from; at < size; at += pieceSize) {
      if (pauseMs > 0) await sleep(pauseMs);
      await onPiece(at);
      yield bytes.subarray(0, Math.min(pieceSize, size - at));
    }
  }
  const fetch = (id, { offset }) => {
    fetches.push({ id, offset, atMs: now() });
    return { offset, body: body(offset) };
  };
  return { fetch, fetches };
}

/** The same in all processes of a machine. Milliseconds. */
export function now() {
  return performance.timeOrigin + performance.now();
}

/** Reads to the end; when the first and the last byte came, and how many. */
export async function consume(chunks) {
  let firstMs;
  let size = 0;
  for await (const chunk of chunks) {
    firstMs ??= now();
    size += chunk.length;
  }
  return { firstMs, lastMs: now(), size };
}
