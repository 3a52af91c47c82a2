import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Fetch, FetchFailedError } from '../index.ts';
import { CliError, cliErrorCode, fileError } from '../terminal/cli-error.ts';
import { reasonOf } from '../terminal/failure.ts';
import { loadPackage } from './load-package.ts';

/** The source of images: a URL, or a directory. */
export type PrefetchSource = { readonly template: string } | { readonly dir: string };

const placeholder = '{id}';

/** Parses an http or https URL with `{id}` in it, or else a directory, for commander. */
export function sourceOption(text: string): PrefetchSource {
  if (text === '') throw new InvalidArgumentError('It must be a URL or a directory.');
  if (!/^[a-z][a-z\d+.-]*:\/\//i.test(text)) return { dir: text };

  const example = text.replaceAll(placeholder, 'id');
  if (!/^https?:/i.test(text) || !URL.canParse(example)) {
    throw new InvalidArgumentError('It must be a URL that begins with http:// or https://, or a directory.');
  }
  if (!text.includes(placeholder))
    throw new InvalidArgumentError('A URL must contain {id}, the place of the image id.');
  const url = new URL(example);
  if (url.username !== '' || url.password !== '') {
    throw new InvalidArgumentError('A URL must not contain a user name or a password: other users can see them.');
  }
  return { template: text };
}

/**
 * Returns a `fetch` that reads from the source.
 *
 * @param stallMs longest silence of a server in milliseconds
 * @throws {@link CliError} if the source is no URL and no directory
 */
export async function fetchFrom(source: PrefetchSource, stallMs: number): Promise<Fetch> {
  if ('template' in source) return fetchFromServer(source.template, stallMs);
  await assertDirectory(source.dir);
  return fetchFromDirectory(source.dir);
}

function fetchFromDirectory(dir: string): Fetch {
  return async (imageId, { signal }) => {
    // An id has no slash and does not begin with a dot, so the path stays in the directory.
    const path = join(dir, imageId);
    try {
      const { size } = await statFile(path);
      return wholeFile(path, size, signal);
    } catch (error) {
      throw await fetchFailed(fileError('read', path, error).message, { imageId, cause: error });
    }
  };
}

async function statFile(path: string): Promise<{ readonly size: number }> {
  const found = await stat(path);
  if (!found.isFile()) throw new CliError(cliErrorCode.file, 'it is not a file');
  return found;
}

async function* wholeFile(path: string, size: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  let bytes = 0;
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1024 * 1024 })) {
    bytes += chunk.length;
    yield chunk;
  }
  if (bytes !== size) throw await fetchFailed(`${path} changed while it was read`);
}

function fetchFromServer(template: string, stallMs: number): Fetch {
  return async (imageId, { signal }) => {
    // A replacement function, since `$&` in a replacement string has a meaning.
    const url = template.replaceAll(placeholder, () => encodeURIComponent(imageId));
    const stall = new StallTimer(stallMs);
    const explain = (error: unknown) => {
      const reason = stall.signal.aborted ? `no byte arrived for ${stallMs / 1000} s` : reasonOf(error);
      return fetchFailed(`cannot fetch ${url}: ${reason}`, { imageId, cause: error });
    };
    try {
      // With compression, the length would be unknown.
      const headers = { 'accept-encoding': 'identity' };
      const request = fetch(url, { headers, signal: AbortSignal.any([signal, stall.signal]) });
      return watchBody(await stall.during(request), stall, explain);
    } catch (error) {
      throw await explain(error);
    }
  };
}

/** Returns the same response with a body that fails when it stalls, and whose errors name the reason. */
function watchBody(response: Response, stall: StallTimer, explain: (error: unknown) => Promise<Error>): Response {
  if (!response.ok || response.body === null) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await stall.during(reader.read());
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          throw await explain(error);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}

/** Aborts a request when the server is silent for too long. Time of the consumer between reads does not count. */
class StallTimer {
  readonly #abort = new AbortController();
  readonly #stallMs: number;

  constructor(stallMs: number) {
    this.#stallMs = stallMs;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  async during<T>(answer: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.#abort.abort(), this.#stallMs);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }
}

async function assertDirectory(dir: string): Promise<void> {
  try {
    if (!(await stat(dir)).isDirectory()) throw new CliError(cliErrorCode.file, 'it is not a directory');
  } catch (error) {
    throw fileError('fetch from', dir, error);
  }
}

async function fetchFailed(
  message: string,
  details: ConstructorParameters<typeof FetchFailedError>[1] = {},
): Promise<FetchFailedError> {
  const { FetchFailedError } = await loadPackage();
  return new FetchFailedError(message, details);
}
