import { setTimeout as sleep } from 'node:timers/promises';

import { bytesOf } from '../../support/contents.mjs';

/**
 * A source of images: `fetch` gives `bytes` in pieces, and `fetches` lists the offsets of its calls.
 *
 * @param pause called and awaited before each piece, with the position
 * @param resumes true if a fetch can begin at any offset, false if only at 0
 * @param end called and awaited at the end; its error fails the fetch
 */
export function origin({
  size = 200_000,
  bytes = bytesOf(size),
  chunkSize = 10_000,
  pause = () => {},
  resumes = true,
  end = () => {},
} = {}) {
  const fetches = [];
  const stopped = [];
  async function* body(from) {
    let finished = false;
    try {
      for (let at = from; at < bytes.length; at += chunkSize) {
        await pause(at);
        yield bytes.subarray(at, Math.min(at + chunkSize, bytes.length));
      }
      await end();
      finished = true;
    } finally {
      if (!finished) stopped.push(from);
    }
  }
  const fetch = (_imageId, { offset }) => {
    fetches.push(offset);
    const from = resumes ? offset : 0;
    return { offset: from, body: body(from) };
  };
  return { bytes, fetch, fetches, stopped };
}

/** A pause for {@link origin} from `position` on, until `open()` is called. `reached` resolves when a fetch pauses. */
export function barrier(position = 0) {
  const made = withResolvers();
  const reached = withResolvers();
  return {
    pause: (at) => {
      if (at < position) return undefined;
      reached.resolve();
      return made.promise;
    },
    reached: reached.promise,
    open: () => made.resolve(),
  };
}

/** Polls until `isSo` returns true. Throws after `milliseconds`. */
export async function until(isSo, what, milliseconds = 5_000) {
  const deadline = performance.now() + milliseconds;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${milliseconds} ms`);
    await sleep(5);
  }
}

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
