import { Readable } from 'node:stream';

import { FetchFailedError } from '../api/errors.ts';
import { invalidValue } from '../base/validate.ts';
import { hasAll } from './http-answer.ts';
import { isWebStream } from './web-stream.ts';

/** The needed members of a Node stream, which may be of another realm or of the package `readable-stream`. */
export interface NodeStream {
  destroy(): unknown;
  on(event: 'error', listener: () => void): unknown;
  off(event: 'error', listener: () => void): unknown;
  readonly destroyed?: boolean;
  readonly readableEnded?: boolean;
  readonly readableDidRead?: boolean;
  readonly _readableState?: { readonly endEmitted?: boolean };
}

export function isNodeStream(value: unknown): value is NodeStream {
  return hasAll(value, ['pipe', 'on', 'off', 'destroy', 'readable']);
}

/**
 * Refuses a Node stream that was read before: it would yield only its rest, or nothing, without an error.
 *
 * @throws TypeError for such a stream
 */
export function assertUnread(source: unknown): void {
  if (isNodeStream(source) && (source.readableDidRead ?? hasEnded(source))) throw usedSource(source);
}

/**
 * Returns whether the source is a web stream that was read or cancelled before. Without chunks, it is not an empty
 * image.
 */
export function isUsedWebStream(source: unknown): boolean {
  return isWebStream(source) && Readable.isDisturbed(source as unknown as NodeJS.ReadableStream);
}

export function usedSource(source: unknown): TypeError {
  return invalidValue('source', 'must be a stream that was not read or cancelled before', source);
}

/**
 * Checks a source that has ended, because the iterator of an older Node stream ends without an error if it is
 * destroyed.
 *
 * @throws {@link FetchFailedError} for a stream that was destroyed before its end
 */
export function assertEnded(source: unknown): void {
  if (!isNodeStream(source) || !source.destroyed || hasEnded(source)) return;
  throw new FetchFailedError('the source is a stream that was destroyed before its end');
}

function hasEnded({ readableEnded, _readableState }: NodeStream): boolean {
  return readableEnded ?? _readableState?.endEmitted ?? true;
}
