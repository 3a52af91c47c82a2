import type { Readable } from 'node:stream';
import type { ImageSource } from '../api/driver.ts';
import { FetchFailedError } from '../api/errors.ts';
import { imageName } from '../api/image-name.ts';

/** An HTTP response: a `Response` of any `fetch()`, or the `IncomingMessage` of a `node:http` client. */
export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly body: ImageSource;
  /** True if its body was read or cancelled before. */
  readonly used: boolean;
  header(name: string): string | undefined;
}

/** The part of an image that a response holds. */
export interface AnsweredPart {
  readonly start: number;
  /** End of the body, exclusive; undefined if the response does not report it. */
  readonly end: number | undefined;
  /** Bytes of the whole image; undefined if the response does not report them. */
  readonly size: number | undefined;
}

const partialContent = 206;
const notSatisfiable = 416;
/** Statuses of success without an image. */
const withoutContent = [204, 205];

/**
 * Returns a value as an HTTP response, if it has the shape of one. Its class may be of another realm or another
 * package.
 */
export function httpAnswerOf(value: unknown): HttpAnswer | undefined {
  if (isResponse(value)) return fromResponse(value);
  return isClientMessage(value) ? fromMessage(value) : undefined;
}

/**
 * Returns the part of the image that a response holds, for a request from `asked` on. If the response says that the
 * image ends at `asked`, the part is empty.
 *
 * @throws {@link FetchFailedError} if the response holds no part of the image
 */
export function partOf(answer: HttpAnswer, imageId: string | undefined, asked: number): AnsweredPart {
  const { status } = answer;
  const range = contentRange(answer);
  if (status === notSatisfiable && asked > 0 && range?.start === undefined && range?.size === asked) {
    return { start: asked, end: asked, size: asked };
  }
  if (answer.used) throw refused(answer, imageId, ', whose body was read or cancelled before');
  const isWhole = status >= 200 && status < 300 && status !== partialContent && !withoutContent.includes(status);
  const part = status === partialContent && range?.start !== undefined ? { ...range, start: range.start } : undefined;
  if (!isWhole && !part) throw refused(answer, imageId, '');
  assertIdentity(answer, imageId);
  return part ?? { start: 0, end: undefined, size: contentLength(answer) };
}

/** @throws {@link FetchFailedError} if the response is not a whole image */
export function assertWholeAnswer(answer: HttpAnswer): void {
  const { start, end, size } = partOf(answer, undefined, 0);
  if (start > 0 || (end !== undefined && end !== size)) throw refused(answer, undefined, '');
}

export function refused(answer: HttpAnswer, imageId: string | undefined, why: string): FetchFailedError {
  const { status, statusText } = answer;
  const source = imageId === undefined ? 'the source' : `the source of ${imageName(imageId)}`;
  const message = `${`${source} answered ${status} ${statusText}`.trim()}${why}`;
  return new FetchFailedError(message, { imageId, status });
}

/** Parses `content-range` (RFC 9110, 14.4). If no part is satisfiable, it has a size and no start. */
function contentRange(
  answer: HttpAnswer,
):
  | { readonly start: number | undefined; readonly end: number | undefined; readonly size: number | undefined }
  | undefined {
  const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/i.exec(answer.header('content-range')?.trim() ?? '');
  if (!range) return undefined;
  const [, start, last, size] = range;
  return {
    start: start === undefined ? undefined : Number(start),
    end: last === undefined ? undefined : Number(last) + 1,
    size: size === '*' ? undefined : Number(size),
  };
}

/**
 * Refuses an encoded response, because nothing shows that it is complete. Its length counts the encoded bytes, and a
 * `fetch()` that decodes them ends without an error if they are cut short.
 *
 * @throws {@link FetchFailedError} if the response is encoded
 */
function assertIdentity(answer: HttpAnswer, imageId: string | undefined): void {
  const encoding = answer.header('content-encoding')?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return;
  throw refused(
    answer,
    imageId,
    ` with content-encoding ${encoding}: accept-encoding: identity was not sent, or not obeyed`,
  );
}

function contentLength(answer: HttpAnswer): number | undefined {
  const length = answer.header('content-length') ?? '';
  if (!/^\d+$/.test(length)) return undefined;
  return Number.isSafeInteger(Number(length)) ? Number(length) : undefined;
}

function fromResponse(response: Response): HttpAnswer {
  const { status, statusText, headers, body, bodyUsed } = response;
  return {
    status,
    statusText: statusText ?? '',
    body: body ?? [],
    used: bodyUsed === true,
    header: (name) => headers.get(name) ?? undefined,
  };
}

interface ClientMessage extends Readable {
  readonly statusCode: number;
  readonly statusMessage?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

function fromMessage(message: ClientMessage): HttpAnswer {
  const { statusCode, statusMessage = '', headers } = message;
  return {
    status: statusCode,
    statusText: statusMessage,
    body: message,
    used: false, // Every stream is checked when it is read.
    header: (name) => headers[name]?.toString(),
  };
}

function isResponse(value: unknown): value is Response {
  return hasAll(value, ['ok', 'status', 'headers', 'body']);
}

/** A request that a server receives has the same class, but no status. */
function isClientMessage(value: unknown): value is ClientMessage {
  return (
    hasAll(value, ['statusCode', 'headers', 'pipe']) &&
    typeof (value as ClientMessage).statusCode === 'number' &&
    typeof (value as ClientMessage).headers === 'object'
  );
}

export function hasAll(value: unknown, keys: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && keys.every((key) => key in value);
}
