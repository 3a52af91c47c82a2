import type { Readable } from 'node:stream';

import type { ImageSource } from '../api/driver.ts';
import { FetchFailedError } from '../api/errors.ts';

/** An answer over HTTP: a `Response` of any `fetch()`, or what `node:http` gives to a client. */
export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly body: ImageSource;
  /** True if its body was read or cancelled before. */
  readonly used: boolean;
  header(name: string): string | undefined;
}

/** The bytes of an image that an answer holds. */
export interface AnsweredPart {
  readonly start: number;
  /** Where the body ends; undefined where only the end itself says so. */
  readonly end: number | undefined;
  /** Bytes of the whole image; undefined where the answer does not say. */
  readonly size: number | undefined;
}

const partialContent = 206;
const notSatisfiable = 416;
/** Of those that are a success, and yet no image. */
const withoutContent = [204, 205];

/** Undefined for what is no such answer. By its shape: it may come from another realm, or be none of Node's. */
export function httpAnswerOf(value: unknown): HttpAnswer | undefined {
  if (isResponse(value)) return fromResponse(value);
  return isClientMessage(value) ? fromMessage(value) : undefined;
}

/**
 * Which bytes an answer to a request from `asked` on holds. All before `asked` are there: an answer that says that the
 * image ends there is one without bytes.
 *
 * @throws {@link FetchFailedError} if it holds no bytes of the image
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

/** @throws {@link FetchFailedError} for an answer that is not a whole image */
export function assertWholeAnswer(answer: HttpAnswer): void {
  const { start, end, size } = partOf(answer, undefined, 0);
  if (start > 0 || (end !== undefined && end !== size)) throw refused(answer, undefined, '');
}

export function refused(answer: HttpAnswer, imageId: string | undefined, why: string): FetchFailedError {
  const { status, statusText } = answer;
  const source = imageId === undefined ? 'the source' : `the source of image ${JSON.stringify(imageId)}`;
  const message = `${`${source} answered ${status} ${statusText}`.trim()}${why}`;
  return new FetchFailedError(message, { imageId, status });
}

/** RFC 9110, 14.4. Without a start it is that of an answer without a part. */
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
 * An encoded answer cannot be checked: its length is that of the encoded bytes, and `fetch()`, which decodes it, ends
 * without an error where the encoded bytes are cut short.
 *
 * @throws {@link FetchFailedError} for an encoded answer
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
    used: false, // That is asked of every stream, when it is read.
    header: (name) => headers[name]?.toString(),
  };
}

function isResponse(value: unknown): value is Response {
  return hasAll(value, ['ok', 'status', 'headers', 'body']);
}

/** Not what a server is sent, which has no status. */
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
