import type { ImageSource } from '../api/driver.ts';
import { CacheError, FetchFailedError, SizeMismatchError } from '../api/errors.ts';
import { imageName } from '../api/image-name.ts';
import { describeReason } from '../api/reason.ts';
import { untilAborted } from '../base/on-abort.ts';
import { type AnsweredPart, type HttpAnswer, hasAll, httpAnswerOf, partOf, refused } from '../streams/http-answer.ts';
import { LockedSource } from '../streams/locked-source.ts';
import { assertSource, chunksOf, stopSource } from '../streams/source-chunks.ts';
import { isWebStream } from '../streams/web-stream.ts';

/**
 * Fetches a missing image from its source. An `offset` above 0 (bytes) is a request to resume there. A source that
 * cannot resume may start from 0 by returning `{ offset: 0, body }`. If a resumed fetch fails to begin, the whole image
 * is requested once.
 *
 * @since 0.1.0
 *
 * @example
 * const download: Fetch = (imageId, { offset, signal }) =>
 *   fetch(`https://images.example/${imageId}`, {
 *     signal,
 *     headers: { 'accept-encoding': 'identity', ...(offset > 0 && { range: `bytes=${offset}-` }) },
 *   });
 */
export type Fetch = (
  imageId: string,
  context: { readonly offset: number; readonly signal: AbortSignal },
) => FetchResult | Promise<FetchResult>;

/**
 * The result of a {@link Fetch}. A bare source has the bytes from 0 on. For a `Response`, and for the `IncomingMessage`
 * of a `node:http` client, the status, `content-range`, `content-length` and `content-encoding` are checked. An encoded
 * response is refused, because nothing shows that it is complete. So send the request with `accept-encoding: identity`.
 *
 * @since 0.1.0
 */
export type FetchResult =
  | ImageSource
  | Response
  | {
      /** Position in the image where `body` begins, in bytes: 0 or the requested offset. */
      readonly offset: number;
      /** The bytes from there to the end. */
      readonly body: ImageSource;
    };

/** One call of a `fetch`. */
interface FetchRequest {
  readonly fetch: Fetch;
  readonly imageId: string;
  /** Bytes that are already in the cache. */
  readonly offset: number;
  /** Bytes of the whole image, if they are known. */
  readonly expectedSize: number | undefined;
  readonly signal: AbortSignal;
}

export interface FetchedSource {
  /** Position in the image where the body begins, in bytes: 0 or the requested offset. */
  readonly offset: number;
  readonly body: ImageSource;
  /** Bytes of the whole image, if the source reports them. */
  readonly expectedSize: number | undefined;
  /** The end of a body that is shorter than the image, and the function that fetches the rest. */
  readonly rest?: { readonly offset: number; readonly fetch: () => Promise<FetchedSource> };
}

/**
 * Calls `fetch` for an image, or for its rest from `offset` on. If all bytes are there already, does not call `fetch`.
 * If the rest cannot be fetched, fetches the whole image once.
 *
 * @param expectedSize - bytes of the whole image, if they are known
 * @throws {@link FetchFailedError} if `fetch` throws, or if its result is not the image
 * @throws {@link SizeMismatchError} if the source reports a length other than `expectedSize`
 * @throws the signal's reason, also if `fetch` ignores it
 */
export async function fetchImage(
  fetch: Fetch,
  imageId: string,
  offset: number,
  signal: AbortSignal,
  expectedSize?: number,
): Promise<FetchedSource> {
  const request = { fetch, imageId, offset, signal, expectedSize };
  if (offset > 0 && offset === expectedSize) return { offset, body: [], expectedSize };
  try {
    return await callFetch(request);
  } catch (error) {
    signal.throwIfAborted();
    if (offset === 0 || error instanceof SizeMismatchError) throw error;
    return await callFetch({ ...request, offset: 0 });
  }
}

/** Yields the chunks of a fetched source. An error of the source becomes a {@link FetchFailedError}. */
export async function* fetchedChunks(
  source: FetchedSource,
  imageId: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  let position = source.offset;
  try {
    for (let part = source; ; part = await part.rest.fetch()) {
      for await (const chunk of chunksOf(part.body, signal)) {
        position += chunk.byteLength;
        yield chunk;
      }
      if (!part.rest) return;
      if (position !== part.rest.offset) throw new SizeMismatchError(imageId, part.rest.offset, position);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw asFetchFailed(error, imageId);
  }
}

async function callFetch(request: FetchRequest): Promise<FetchedSource> {
  const { fetch, imageId, offset, signal } = request;
  const answer = (async () => fetch(imageId, { offset, signal }))();
  try {
    return toSource(await untilAborted(answer, signal), request);
  } catch (error) {
    signal.throwIfAborted();
    throw asFetchFailed(error, imageId);
  } finally {
    // A source that arrives after the abort has no reader.
    if (signal.aborted) answer.then((result) => stopSource(toSource(result, request).body)).catch(() => {});
  }
}

function toSource(result: FetchResult, request: FetchRequest): FetchedSource {
  const { imageId, offset: asked } = request;
  const answer = httpAnswerOf(result);
  if (answer) return fromAnswer(answer, request);
  if (!isWithOffset(result)) {
    assertSource(result);
    return { offset: 0, body: chunksOfLocked(result), expectedSize: undefined };
  }
  const { offset, body } = result;
  const message = httpAnswerOf(body);
  const source = message ? fromAnswer(message, request) : undefined;
  if (!source) assertSource(body);
  if (offset === (source?.offset ?? offset) && (offset === 0 || offset === asked)) {
    return source ?? { offset, body: chunksOfLocked(body), expectedSize: undefined };
  }
  stopSource(body);
  throw wrongOffset(imageId, offset, asked);
}

function fromAnswer(answer: HttpAnswer, request: FetchRequest): FetchedSource {
  const { imageId, offset: asked } = request;
  const { body } = answer;
  try {
    const part = partOf(answer, imageId, asked);
    if (part.start !== 0 && part.start !== asked) throw wrongOffset(imageId, part.start, asked);
    assertSameSize(part, request);
    const expectedSize = part.size ?? request.expectedSize;
    if (part.end === undefined || part.end === expectedSize) {
      const isEmpty = part.end === part.start;
      if (isEmpty) stopUnlocked(body);
      return { offset: part.start, body: isEmpty ? [] : chunksOfLocked(body), expectedSize };
    }
    // The size of the missing part is unknown, or there is no byte to continue from.
    if (expectedSize === undefined || part.end <= part.start) throw refused(answer, imageId, ', a part of the image');
    return {
      offset: part.start,
      body: chunksOfLocked(body),
      expectedSize,
      rest: restOf(request, part.end, expectedSize),
    };
  } catch (error) {
    stopUnlocked(body);
    throw error;
  }
}

/** Returns the request for the rest, from the end of a part on. A response that begins elsewhere is refused. */
function restOf(request: FetchRequest, offset: number, expectedSize: number): NonNullable<FetchedSource['rest']> {
  const fetch = async () => {
    const source = await callFetch({ ...request, offset, expectedSize });
    if (source.offset === offset) return source;
    stopSource(source.body);
    throw wrongOffset(request.imageId, source.offset, offset);
  };
  return { offset, fetch };
}

/** @throws {@link SizeMismatchError} before a byte is read */
function assertSameSize({ size }: AnsweredPart, { imageId, expectedSize }: FetchRequest): void {
  if (size === undefined || expectedSize === undefined || size === expectedSize) return;
  throw new SizeMismatchError(imageId, expectedSize, size);
}

function stopUnlocked(body: ImageSource): void {
  if (!(isWebStream(body) && body.locked)) stopSource(body);
}

function wrongOffset(imageId: string, offset: number, asked: number): FetchFailedError {
  const message = `the source of ${imageName(imageId)} begins at ${offset}, not at ${asked}`;
  return new FetchFailedError(message, { imageId });
}

/** Locks a body, because its `Response` may be collected before the image is claimed. */
function chunksOfLocked(body: ImageSource): ImageSource {
  return new LockedSource(body).chunks;
}

function asFetchFailed(error: unknown, imageId: string): CacheError {
  if (CacheError.is(error)) return error;
  const message = `fetching ${imageName(imageId)} failed: ${describeReason(error)}`;
  return new FetchFailedError(message, { imageId, cause: error });
}

function isWithOffset(result: FetchResult): result is { readonly offset: number; readonly body: ImageSource } {
  return hasAll(result, ['offset', 'body']);
}
