import type { ImageSource } from '../api/driver.ts';
import { CacheError, FetchFailedError, SizeMismatchError } from '../api/errors.ts';
import { describeReason } from '../api/reason.ts';
import { untilAborted } from '../base/on-abort.ts';
import { type AnsweredPart, type HttpAnswer, hasAll, httpAnswerOf, partOf, refused } from '../streams/http-answer.ts';
import { LockedSource } from '../streams/locked-source.ts';
import { assertSource, chunksOf, stopSource } from '../streams/source-chunks.ts';
import { isWebStream } from '../streams/web-stream.ts';

/**
 * Where a missing image comes from. `offset` > 0 (bytes) asks to resume; a source that cannot may start from 0 by saying
 * so (`{ offset: 0, body }`). If the rest fails to begin, the whole image is asked for once.
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
 * What a {@link Fetch} returns. Of a `Response`, and of the `IncomingMessage` of a `node:http` client, the status,
 * `content-range`, `content-length` and `content-encoding` count; bytes alone are those from 0 on. An answer that is
 * encoded is refused: nothing shows that it is whole. So send the request with `accept-encoding: identity`.
 */
export type FetchResult =
  | ImageSource
  | Response
  | {
      /** Where in the image `body` begins, in bytes: 0, or where it was asked to. */
      readonly offset: number;
      /** The bytes from there to the end. */
      readonly body: ImageSource;
    };

/** What is asked for. */
interface FetchRequest {
  readonly fetch: Fetch;
  readonly imageId: string;
  /** Bytes that are there already. */
  readonly offset: number;
  /** Bytes of the whole image, where that is known. */
  readonly expectedSize: number | undefined;
  readonly signal: AbortSignal;
}

export interface FetchedSource {
  /** Where in the image it begins: 0, or where it was asked to. */
  readonly offset: number;
  readonly body: ImageSource;
  /** Bytes of the whole image, where the source says how many there will be. */
  readonly expectedSize: number | undefined;
  /** Of a body that ends before the image does: where that is, and how to go on there. */
  readonly rest?: { readonly offset: number; readonly fetch: () => Promise<FetchedSource> };
}

/**
 * Calls `fetch` for an image, or for the rest of it from `offset` on. A length that is known and reached is not asked
 * for. If the rest cannot be fetched, the whole image is, once.
 *
 * @param expectedSize - bytes of the whole image, where that is known
 * @throws {@link FetchFailedError} for what `fetch` throws, and for an answer that is not the image
 * @throws {@link SizeMismatchError} if the source says another length than is known
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
    return await ask(request);
  } catch (error) {
    signal.throwIfAborted();
    if (offset === 0 || error instanceof SizeMismatchError) throw error;
    return await ask({ ...request, offset: 0 });
  }
}

/** The chunks of a fetched source; what it throws becomes a {@link FetchFailedError}. */
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

async function ask(request: FetchRequest): Promise<FetchedSource> {
  const { fetch, imageId, offset, signal } = request;
  const answer = (async () => fetch(imageId, { offset, signal }))();
  try {
    return takeApart(await untilAborted(answer, signal), request);
  } catch (error) {
    signal.throwIfAborted();
    throw asFetchFailed(error, imageId);
  } finally {
    // Nobody is going to read what comes too late.
    if (signal.aborted) answer.then((result) => stopSource(takeApart(result, request).body)).catch(() => {});
  }
}

function takeApart(result: FetchResult, request: FetchRequest): FetchedSource {
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
      if (isEmpty) letGo(body);
      return { offset: part.start, body: isEmpty ? [] : chunksOfLocked(body), expectedSize };
    }
    // How much is missing is not known, or nothing came to go on from.
    if (expectedSize === undefined || part.end <= part.start) throw refused(answer, imageId, ', a part of the image');
    return {
      offset: part.start,
      body: chunksOfLocked(body),
      expectedSize,
      rest: restOf(request, part.end, expectedSize),
    };
  } catch (error) {
    letGo(body);
    throw error;
  }
}

/** Asks on where a part has ended. An answer that does not begin there is refused. */
function restOf(request: FetchRequest, offset: number, expectedSize: number): NonNullable<FetchedSource['rest']> {
  const fetch = async () => {
    const source = await ask({ ...request, offset, expectedSize });
    if (source.offset === offset) return source;
    stopSource(source.body);
    throw wrongOffset(request.imageId, source.offset, offset);
  };
  return { offset, fetch };
}

/** @throws {@link SizeMismatchError}, before a byte is read */
function assertSameSize({ size }: AnsweredPart, { imageId, expectedSize }: FetchRequest): void {
  if (size === undefined || expectedSize === undefined || size === expectedSize) return;
  throw new SizeMismatchError(imageId, expectedSize, size);
}

function letGo(body: ImageSource): void {
  if (!(isWebStream(body) && body.locked)) stopSource(body);
}

function wrongOffset(imageId: string, offset: number, asked: number): FetchFailedError {
  const message = `the source of image ${JSON.stringify(imageId)} begins at ${offset}, not at ${asked}`;
  return new FetchFailedError(message, { imageId });
}

/** Locked from now on: the `Response` may be collected before the image is claimed. */
function chunksOfLocked(body: ImageSource): ImageSource {
  return new LockedSource(body).chunks;
}

function asFetchFailed(error: unknown, imageId: string): CacheError {
  if (CacheError.is(error)) return error;
  const message = `fetching image ${JSON.stringify(imageId)} failed: ${describeReason(error)}`;
  return new FetchFailedError(message, { imageId, cause: error });
}

function isWithOffset(result: FetchResult): result is { readonly offset: number; readonly body: ImageSource } {
  return hasAll(result, ['offset', 'body']);
}
