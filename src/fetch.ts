import type { ImageSource } from './driver.ts';
import { FetchFailedError } from './errors.ts';
import { assertSource } from './source-chunks.ts';

/**
 * Where a missing image comes from. `offset` > 0 asks to resume; a source that cannot may start from 0 by saying so
 * (`{ offset: 0, body }`).
 */
export type Fetch = (
  imageId: string,
  context: { readonly offset: number; readonly signal: AbortSignal },
) => FetchResult | Promise<FetchResult>;

export type FetchResult = ImageSource | Response | { readonly offset: number; readonly body: ImageSource };

export interface FetchedSource {
  readonly body: ImageSource;
  /** Bytes, where the source says how many there will be. */
  readonly expectedSize: number | undefined;
}

/**
 * Calls `fetch` for a whole image and takes apart what it answers.
 *
 * @throws {@link FetchFailedError} for a `Response` that is not ok, and what `fetch` throws
 */
export async function fetchWhole(fetch: Fetch, imageId: string, signal: AbortSignal): Promise<FetchedSource> {
  const result = await fetch(imageId, { offset: 0, signal });
  if (result instanceof Response) return fromResponse(result, imageId);
  const body = isWithOffset(result) ? result.body : result;
  assertSource(body);
  return { body, expectedSize: undefined };
}

async function fromResponse(response: Response, imageId: string): Promise<FetchedSource> {
  if (response.ok && response.status !== 206) {
    return { body: response.body ?? [], expectedSize: contentLength(response) };
  }
  await response.body?.cancel().catch(() => {});
  const { status, statusText } = response;
  throw new FetchFailedError(`fetching image ${JSON.stringify(imageId)} was answered ${status} ${statusText}`.trim(), {
    imageId,
    status,
  });
}

/** Says nothing of the body of a compressed answer, which `fetch()` has unpacked. */
function contentLength({ headers }: Response): number | undefined {
  const length = headers.get('content-length');
  if (length === null || headers.has('content-encoding') || !/^\d+$/.test(length)) return undefined;
  return Number(length);
}

function isWithOffset(result: FetchResult): result is { readonly offset: number; readonly body: ImageSource } {
  return typeof result === 'object' && result !== null && 'body' in result && 'offset' in result;
}
