import { types } from 'node:util';
import type { ImageSource } from '../api/driver.ts';
import { eventLoopTurn } from '../base/event-loop-turn.ts';
import { ignoreErrors } from '../base/ignore-errors.ts';
import { untilAborted } from '../base/on-abort.ts';
import { assertBytes, invalidType } from '../base/validate.ts';
import { assertWholeAnswer, httpAnswerOf } from './http-answer.ts';
import { assertEnded, assertUnread, isNodeStream, type NodeStream } from './unread-source.ts';
import { isWebStream } from './web-stream.ts';

interface Chunks {
  next(): Promise<IteratorResult<unknown>> | IteratorResult<unknown>;
  /** Releases the source, even while a chunk of it is awaited. */
  stop(): unknown;
}

/** Returns whether all bytes are in memory, so that a put need not wait for them. */
export function isBuffered(source: ImageSource): source is Uint8Array | Uint8Array[] {
  return types.isUint8Array(source) || Array.isArray(source);
}

/** Returns the bytes of a buffered source as one array. */
export function joinBuffered(source: Uint8Array | Uint8Array[]): Uint8Array {
  for (const chunk of types.isUint8Array(source) ? [source] : source) assertBytes(chunk, 'source chunk');
  if (types.isUint8Array(source)) return source;
  return source.length === 1 ? (source[0] as Uint8Array) : Buffer.concat(source);
}

/**
 * @throws TypeError if the source yields no chunks; for example, a string
 * @throws {@link FetchFailedError} if the source is an HTTP response that is not a whole image
 */
export function assertSource(source: unknown): asserts source is ImageSource {
  const iterable =
    typeof source === 'object' && source !== null && (Symbol.asyncIterator in source || Symbol.iterator in source);
  if (!iterable) throw invalidType('source', 'a Uint8Array, an iterable or a stream of them', source);
  const answer = httpAnswerOf(source);
  if (answer) assertWholeAnswer(answer);
}

/**
 * Yields the chunks of a source. A source that is not read to its end is stopped once, and not waited for, because it
 * may be the reason for the stop.
 *
 * @throws the error of the source, the reason of an aborted signal, and a TypeError if the source yields anything but
 * bytes
 */
export async function* chunksOf(
  source: ImageSource,
  ...signals: readonly (AbortSignal | undefined)[]
): AsyncGenerator<Uint8Array, void, void> {
  assertUnread(source);
  const chunks = iterate(source);
  let ended = false;
  try {
    while (true) {
      if (eventLoopTurn.isOver) await eventLoopTurn.next();
      eventLoopTurn.measure(); // The source may have all chunks in memory, and the consumer may never wait.
      for (const signal of signals) signal?.throwIfAborted();
      const { done, value } = await untilAborted(Promise.resolve(chunks.next()), ...signals);
      if (done) {
        ended = true;
        assertEnded(source);
        return;
      }
      assertBytes(value, 'source chunk');
      yield value;
    }
  } finally {
    if (!ended) ignoreErrors(() => chunks.stop());
  }
}

function iterate(source: ImageSource): Chunks {
  if (isWebStream(source)) {
    const reader = source.getReader();
    return { next: () => reader.read(), stop: () => reader.cancel() };
  }
  const iterator = toIterator(source);
  // The iterator of a Node stream would first wait for a chunk that may never come.
  const stop = () => (isNodeStream(source) ? destroy(source) : iterator.return?.());
  return { next: () => iterator.next(), stop };
}

function toIterator(source: Iterable<unknown> | AsyncIterable<unknown>): AsyncIterator<unknown> | Iterator<unknown> {
  if (types.isUint8Array(source)) return [source][Symbol.iterator]();
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** Destroys a stream. Its error may come later, and would end the process without a listener. */
function destroy(stream: NodeStream): void {
  stream.on('error', () => {});
  stream.destroy();
}

/** Releases a source that will not be read. Never fails. */
export function stopSource(source: ImageSource): void {
  ignoreErrors(() => iterate(source).stop());
}
