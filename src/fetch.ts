import type { ImageSource } from './driver.ts';
import { CacheError, FetchFailedError } from './errors.ts';
import { HeldSource } from './held-source.ts';
import { untilAborted } from './on-abort.ts';
import { describeReason } from './reason.ts';
import { assertSource, chunksOf, stopSource } from './source-chunks.ts';
import { isWebStream } from './web-stream.ts';

/**
 * Where a missing image comes from. `offset` > 0 (bytes) asks to resume; a source that cannot may start from 0 by saying
 * so (`{ offset: 0, body }`).
 *
 * @example
 * const download: Fetch = (imageId, { offset, signal }) =>
 *   fetch(`https://images.example/${imageId}`, { signal, headers: offset > 0 ? { range: `bytes=${offset}-` } : {} });
 */
export type Fetch = (
  imageId: string,
  context: { readonly offset: number; readonly signal: AbortSignal },
) => FetchResult | Promise<FetchResult>;

/**
 * What a {@link Fetch} answers. Of a `Response` the status, `content-range` and `content-length` are heeded; bytes alone
 * are those from 0 on.
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

/** Answers that are `ok`, and yet no image. */
const statusesWithoutContent = [204, 205];
const partialContent = 206;

export interface FetchedSource {
  /** Where in the image it begins: 0, or where it was asked to. */
  readonly offset: number;
  readonly body: ImageSource;
  /** Bytes of the whole image, where the source says how many there will be. */
  readonly expectedSize: number | undefined;
}

/**
 * Calls `fetch` for an image, or for the rest of it from `offset` on, and takes apart what it answers.
 *
 * @throws {@link FetchFailedError} for what `fetch` throws, and for an answer that is not the image
 * @throws the signal's reason, also if `fetch` does not heed it
 */
export async function fetchImage(
  fetch: Fetch,
  imageId: string,
  offset: number,
  signal: AbortSignal,
): Promise<FetchedSource> {
  const answer = (async () => fetch(imageId, { offset, signal }))();
  try {
    return takeApart(await untilAborted(answer, signal), imageId, offset);
  } catch (error) {
    signal.throwIfAborted();
    throw asFetchFailed(error, imageId);
  } finally {
    // Nobody is going to read what comes too late.
    if (signal.aborted) answer.then((result) => stopSource(takeApart(result, imageId, offset).body)).catch(() => {});
  }
}

/** The chunks of a fetched source; what it throws becomes a {@link FetchFailedError}. */
export async function* fetchedChunks(
  source: ImageSource,
  imageId: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* chunksOf(source, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw asFetchFailed(error, imageId);
  }
}

function takeApart(result: FetchResult, imageId: string, asked: number): FetchedSource {
  if (isResponse(result)) return fromResponse(result, imageId, asked);
  if (!isWithOffset(result)) {
    assertSource(result);
    return { offset: 0, body: held(result), expectedSize: undefined };
  }
  assertSource(result.body);
  const { offset, body } = result;
  if (offset === 0 || offset === asked) return { offset, body: held(body), expectedSize: undefined };
  stopSource(body);
  throw wrongOffset(imageId, offset, asked);
}

function fromResponse(response: Response, imageId: string, asked: number): FetchedSource {
  const { ok, status, statusText, body } = response;
  const range = status === partialContent ? contentRange(response) : undefined;
  const offset = range?.start ?? 0;
  const begins = offset === 0 ? status !== partialContent : offset === asked;
  if (ok && begins && !statusesWithoutContent.includes(status)) {
    return {
      offset,
      body: isWebStream(body) ? lockBody(body) : (body ?? []),
      expectedSize: range ? range.size : contentLength(response),
    };
  }
  if (body && !body.locked) stopSource(body);
  if (ok && status === partialContent && offset > 0) throw wrongOffset(imageId, offset, asked);
  const message = `the source of image ${JSON.stringify(imageId)} answered ${status} ${statusText}`.trim();
  throw new FetchFailedError(message, { imageId, status });
}

/**
 * Where a part begins, and the bytes of the whole; where nobody knows those, how far the part goes (RFC 9110, 14.4).
 * Undefined for an answer that does not say, and for a part of something compressed, which is none of the image.
 */
function contentRange({ headers }: Response): { readonly start: number; readonly size: number } | undefined {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  if (!range || headers.has('content-encoding')) return undefined;
  const [start, last, whole] = range.slice(1).map(Number) as [number, number, number];
  return { start, size: Number.isNaN(whole) ? last + 1 : whole };
}

function wrongOffset(imageId: string, offset: number, asked: number): FetchFailedError {
  const message = `the source of image ${JSON.stringify(imageId)} begins at ${offset}, not at ${asked}`;
  return new FetchFailedError(message, { imageId });
}

/**
 * Begins to read at once: Node cancels the body of a `Response` that was collected before anybody did, and what was
 * cancelled reads as an image of no bytes.
 */
function lockBody(body: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  const reader = body.getReader();
  const chunks: AsyncIterableIterator<Uint8Array> = {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? { done, value: undefined } : { done, value };
    },
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => chunks,
  };
  return chunks;
}

/** From now on: the `Response` may be gone before the image is claimed. */
function held(body: ImageSource): ImageSource {
  return new HeldSource(body).chunks;
}

/** Says nothing of the body of a compressed answer, which `fetch()` has unpacked. */
function contentLength({ headers }: Response): number | undefined {
  const length = headers.get('content-length');
  if (length === null || headers.has('content-encoding') || !/^\d+$/.test(length)) return undefined;
  return Number.isSafeInteger(Number(length)) ? Number(length) : undefined;
}

function asFetchFailed(error: unknown, imageId: string): CacheError {
  if (CacheError.is(error)) return error;
  const message = `fetching image ${JSON.stringify(imageId)} failed: ${describeReason(error)}`;
  return new FetchFailedError(message, { imageId, cause: error });
}

/** Also one of another `fetch` than Node's own. */
function isResponse(result: FetchResult): result is Response {
  return hasAll(result, ['ok', 'status', 'headers', 'body']);
}

function isWithOffset(result: FetchResult): result is { readonly offset: number; readonly body: ImageSource } {
  return hasAll(result, ['offset', 'body']);
}

function hasAll(value: unknown, keys: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && keys.every((key) => key in value);
}
